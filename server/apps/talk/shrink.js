// Photos from a phone are several megabytes: an image over the server's limit is drawn smaller.

/** The longer edges to try, in pixels, and the JPEG quality. */
const EDGES = [2048, 1600, 1200, 800, 480];
const QUALITY = 0.82;

/**
 * Makes an image fit the limit.
 *
 * @param {Blob} file
 * @param {number} limit In bytes.
 * @returns {Promise<Blob | undefined>} The file itself if it fits, else a smaller JPEG of it;
 * undefined if it cannot be read as an image or does not get small enough.
 */
export async function fitImage(file, limit) {
  if (file.size <= limit) return file;
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return undefined;
  }
  try {
    for (const edge of EDGES) {
      const blob = await draw(bitmap, Math.min(1, edge / Math.max(bitmap.width, bitmap.height)));
      if (blob !== null && blob.size <= limit) return blob;
    }
    return undefined;
  } finally {
    bitmap.close();
  }
}

/**
 * @param {ImageBitmap} bitmap
 * @param {number} scale
 * @returns {Promise<Blob | null>}
 */
function draw(bitmap, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (context === null) return Promise.resolve(null);
  // JPEG has no transparency: what shows through becomes white, not black.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
