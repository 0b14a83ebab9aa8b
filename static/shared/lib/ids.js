/** @returns {string} 128 random bits as text; works without `randomUUID`, which plain http lacks */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
