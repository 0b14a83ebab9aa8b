/**
 * A frame without an origin has no storage, and asking for it throws. SDKs ask: they get one that lives as long as
 * the frame.
 */
export function lendStorage() {
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { value: memory(), configurable: true })
  }
  Object.defineProperty(window, "indexedDB", { value: undefined, configurable: true })
  Object.defineProperty(document, "cookie", { get: () => "", set: () => {}, configurable: true })
}

/** @returns {Storage} */
function memory() {
  /** @type {Map<string, string>} */
  const kept = new Map()
  const methods = {
    getItem: (/** @type {unknown} */ key) => kept.get(String(key)) ?? null,
    setItem: (/** @type {unknown} */ key, /** @type {unknown} */ value) => void kept.set(String(key), String(value)),
    removeItem: (/** @type {unknown} */ key) => void kept.delete(String(key)),
    key: (/** @type {number} */ at) => [...kept.keys()][at] ?? null,
    clear: () => kept.clear(),
  }
  return /** @type {any} */ (
    new Proxy(
      {},
      {
        get: (_, key) => {
          if (key === "length") return kept.size
          return typeof key === "string" ? (Reflect.get(methods, key) ?? kept.get(key)) : undefined
        },
        set: (_, key, value) => {
          kept.set(String(key), String(value))
          return true
        },
        deleteProperty: (_, key) => {
          kept.delete(String(key))
          return true
        },
        has: (_, key) => kept.has(String(key)),
        ownKeys: () => [...kept.keys()],
        getOwnPropertyDescriptor: (_, key) =>
          kept.has(String(key))
            ? { value: kept.get(String(key)), writable: true, enumerable: true, configurable: true }
            : undefined,
      },
    )
  )
}
