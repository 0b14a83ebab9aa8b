/** What a step found is not what it should be. @param {unknown} holds @param {string} what */
export function must(holds, what) {
  if (!holds) throw new Error(what)
}

/** A step that cannot be run here. @param {string} why */
export function left(why) {
  return `– ${why}`
}

/** A picture of one point, as these SDKs send small pictures. */
export const DOT =
  "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAACf/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AVN//2Q=="
