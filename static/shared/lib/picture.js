/**
 * What is known of a file before it is sent: a picture's shape, how long sound lasts.
 * @param {File} file
 * @returns {Promise<{ local: string, width: number, height: number, seconds: number }>}
 */
export async function lookAt(file) {
  const nothing = { local: "", width: 0, height: 0, seconds: 0 }
  const local = URL.createObjectURL(file)
  try {
    if (/^image\/(jpeg|png|gif|webp)$/.test(file.type)) {
      const image = new Image()
      image.src = local
      await image.decode()
      return { ...nothing, local, width: image.naturalWidth, height: image.naturalHeight }
    }
    if (file.type.startsWith("audio/")) {
      const seconds = await lengthOf(local)
      URL.revokeObjectURL(local)
      return { ...nothing, seconds }
    }
  } catch {
    // It is sent as a file.
  }
  URL.revokeObjectURL(local)
  return nothing
}

/**
 * @param {string} address
 * @returns {Promise<number>} seconds
 */
function lengthOf(address) {
  return new Promise((resolve, reject) => {
    const audio = new Audio()
    audio.preload = "metadata"
    audio.addEventListener("loadedmetadata", () => resolve(Number.isFinite(audio.duration) ? audio.duration : 0))
    audio.addEventListener("error", () => reject(new Error("no sound")))
    audio.src = address
  })
}

/**
 * The files of a paste or a drop.
 * @param {DataTransfer | null} data
 * @returns {File[]}
 */
export function filesIn(data) {
  return [...(data?.files ?? [])]
}

/** @param {DataTransfer | null} data whether files are being dragged */
export function bringsFiles(data) {
  return data?.types.includes("Files") ?? false
}
