// Looks at a page as a person does: when names stand in it, when a picture stands on its largest canvas, and how
// often that changes. The same for every page; times are milliseconds since 1970.
(() => {
  const EVERY_MS = 15
  const SMALLEST_AREA = 90_000
  const FEWEST_SHADES = 32
  const ROWS = [0.3, 0.5, 0.7]
  const watched = { names: 0, picture: 0, changes: [], seen: new Set() }
  window.watched = watched
  const sheet = document.createElement('canvas')
  const context = sheet.getContext('2d', { willReadFrequently: true })
  const now = () => performance.timeOrigin + performance.now()
  let last = 0
  let before = 0

  function largest() {
    let found
    let most = SMALLEST_AREA
    for (const canvas of document.querySelectorAll('canvas')) {
      const { width, height } = canvas.getBoundingClientRect()
      if (width * height >= most) [found, most] = [canvas, width * height]
    }
    return found
  }

  // Three rows of the canvas as it is: their shades of green, and a number that tells them from others.
  function looked(canvas) {
    const { width, height } = canvas
    if (sheet.width !== width || sheet.height !== ROWS.length) [sheet.width, sheet.height] = [width, ROWS.length]
    ROWS.forEach((part, place) => context.drawImage(canvas, 0, Math.floor(part * height), width, 1, 0, place, width, 1))
    const { data } = context.getImageData(0, 0, width, ROWS.length)
    const shades = new Set()
    let hash = 0
    for (let at = 0; at < data.length; at += 4) {
      shades.add(data[at + 1])
      hash = (Math.imul(hash, 31) + data[at] + 3 * data[at + 1] + 7 * data[at + 2]) | 0
    }
    return { shades: shades.size, hash }
  }

  function look(time) {
    requestAnimationFrame(look)
    if (time - last < EVERY_MS) return
    last = time
    if (!watched.names && document.body) {
      const found = new Set(document.body.textContent.match(/{NAME}/g))
      if (found.size >= {NAMES}) watched.names = now()
    }
    const canvas = largest()
    if (!canvas || canvas.width < 1 || canvas.height < 1) return
    const { shades, hash } = looked(canvas)
    if (shades < FEWEST_SHADES || hash === before) return
    before = hash
    watched.picture ||= now()
    watched.changes.push(now())
    watched.seen.add(hash)
  }
  requestAnimationFrame(look)
})()
