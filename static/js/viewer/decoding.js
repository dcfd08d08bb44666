/** Bytes to a bitmap, off the page's own thread. */

/**
 * Decode a picture. A blob would be carried through two more processes on its way: where the browser has a decoder for
 * bytes (on https and on the own machine), it costs half.
 * @param {Uint8Array<ArrayBuffer>} body
 * @param {string} type
 * @returns {Promise<ImageBitmap>}
 */
export async function decoded(body, type) {
  if (!("ImageDecoder" in globalThis)) {
    return createImageBitmap(new Blob([body], { type }), { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  }
  const decoder = new ImageDecoder({ data: body, type, colorSpaceConversion: "none" });
  try {
    const { image } = await decoder.decode();
    try {
      return await createImageBitmap(image, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
    } finally {
      image.close();
    }
  } finally {
    decoder.close();
  }
}
