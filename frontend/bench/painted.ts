// What runs in the page: it takes the time from an input to the picture that shows what came of it. After the callback
// of a frame a message is delivered only when the frame has been drawn.

interface Prioritised {
  scheduler: { postTask: (task: () => void, options: { priority: 'user-blocking' }) => Promise<void> }
}

declare global {
  interface Window {
    bench: {
      /** From each key to the picture after the input that it made. */
      keys: number[]
      /** How long the browser itself says that keys took, in steps of 8 ms; it tells of those of 16 ms and more. */
      reported: number[]
      /** When the last key came. */
      pressed: number
      /** The longest time between two pictures since `watchFrames`. */
      longest: number
      watchFrames: () => void
      /** Waits until something is so and has been painted; returns the time. */
      painted: (is: () => boolean) => Promise<number>
    }
  }
}

export function measureInPage(): void {
  /** The callbacks of a frame run: what they change is in the picture that comes of that frame. */
  let framing = false
  const request = window.requestAnimationFrame.bind(window)
  window.requestAnimationFrame = (callback) =>
    request((now) => {
      if (!framing) {
        framing = true
        void (window as unknown as Prioritised).scheduler.postTask(() => (framing = false), { priority: 'user-blocking' })
      }
      callback(now)
    })
  const afterFrame = (done: (now: number) => void) => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => done(performance.now())
    port2.postMessage(0)
  }
  const afterPaint = (done: (now: number) => void) => (framing ? afterFrame(done) : request(() => afterFrame(done)))
  const bench: Window['bench'] = {
    keys: [],
    reported: [],
    pressed: 0,
    longest: 0,
    watchFrames() {
      bench.longest = 0
      let last = performance.now()
      const frame = (now: number) => {
        bench.longest = Math.max(bench.longest, now - last)
        last = now
        requestAnimationFrame(frame)
      }
      requestAnimationFrame(frame)
    },
    painted: (is) =>
      new Promise((resolve) => {
        let over = false
        const look = () => {
          if (over || !is()) return
          over = true
          observer.disconnect()
          afterPaint(resolve)
        }
        const observer = new MutationObserver(look)
        observer.observe(document, { subtree: true, childList: true, characterData: true })
        look()
      }),
  }
  window.bench = bench
  const told = new PerformanceObserver((list) => {
    for (const { name, duration } of list.getEntries()) if (name === 'keydown') bench.reported.push(duration)
  })
  told.observe({ type: 'event', durationThreshold: 16 } as PerformanceObserverInit)
  window.addEventListener('keydown', (event) => (bench.pressed = event.timeStamp), { capture: true })
  window.addEventListener('input', () => {
    const { pressed } = bench
    afterPaint((now) => bench.keys.push(now - pressed))
  }, { capture: true })
}
