/**
 * The "wooden bell", made on the spot: no file, no request. Silent until the person has touched the page.
 *
 * @typedef {{ hz: number, at: number, tau: number, gain: number }} Note
 */

/** @type {Record<"knock" | "door", { notes: Note[], seconds: number }>} */
const SOUNDS = {
  knock: {
    notes: [
      { hz: 659.3, at: 0, tau: 0.055, gain: 1 },
      { hz: 987.8, at: 0.085, tau: 0.095, gain: 0.794 },
    ],
    seconds: 0.3,
  },
  door: {
    notes: [
      { hz: 523.3, at: 0, tau: 0.12, gain: 1 },
      { hz: 784, at: 0.14, tau: 0.12, gain: 1 },
    ],
    seconds: 0.3,
  },
}

const PEAK = 0.2 // −14 dBFS
const OVERTONE = 2.76
const OVERTONE_GAIN = 0.158 // −16 dB
const TICK_GAIN = 0.032 // −30 dB
const ATTACK = 0.004
const FADE = 0.01

export class Sounds {
  /** @type {AudioContext | null} */
  #audio = null
  muted = false

  /** Unlocks sound at the first gesture on this page; before that nothing of the audio system is touched. */
  constructor(page = document) {
    const listening = new AbortController()
    const unlock = () => {
      // Escape and a finger put down are no gestures that allow sound.
      if (navigator.userActivation?.hasBeenActive === false) return
      listening.abort()
      this.#audio = new AudioContext()
      this.#audio.resume().catch(() => {})
    }
    for (const gesture of ["pointerdown", "pointerup", "keydown", "keyup"])
      page.addEventListener(gesture, unlock, { capture: true, signal: listening.signal })
  }

  /**
   * @param {"knock" | "door"} name
   * @param {number} [times]
   */
  play(name, times = 1) {
    const audio = this.#audio
    if (!audio || this.muted || audio.state !== "running") return
    const { notes, seconds } = SOUNDS[name]
    for (let turn = 0; turn < times; turn++) {
      const start = audio.currentTime + 0.02 + turn * 0.42
      const master = fade(audio, start, seconds)
      for (const note of notes) strike(audio, master, note, start)
    }
  }
}

/**
 * @param {AudioContext} audio
 * @param {number} start
 * @param {number} seconds
 */
function fade(audio, start, seconds) {
  const master = audio.createGain()
  master.gain.setValueAtTime(PEAK, start + seconds - FADE)
  master.gain.linearRampToValueAtTime(0, start + seconds)
  master.gain.value = PEAK
  master.connect(audio.destination)
  return master
}

/**
 * @param {AudioContext} audio
 * @param {AudioNode} master
 * @param {Note} note
 * @param {number} start
 */
function strike(audio, master, { hz, at, tau, gain }, start) {
  ring(audio, master, hz, start + at, tau, gain)
  ring(audio, master, hz * OVERTONE, start + at, tau / 3, gain * OVERTONE_GAIN)
  tick(audio, master, start + at, gain * TICK_GAIN)
}

/**
 * @param {AudioContext} audio
 * @param {AudioNode} master
 * @param {number} hz
 * @param {number} start
 * @param {number} tau
 * @param {number} gain
 */
function ring(audio, master, hz, start, tau, gain) {
  const tone = audio.createOscillator()
  const level = audio.createGain()
  tone.frequency.value = hz
  level.gain.setValueAtTime(0, start)
  level.gain.linearRampToValueAtTime(gain, start + ATTACK)
  level.gain.setTargetAtTime(0, start + ATTACK, tau)
  tone.connect(level).connect(master)
  tone.start(start)
  tone.stop(start + tau * 7)
}

/**
 * @param {AudioContext} audio
 * @param {AudioNode} master
 * @param {number} start
 * @param {number} gain
 */
function tick(audio, master, start, gain) {
  const length = Math.ceil(audio.sampleRate * 0.003)
  const noise = audio.createBuffer(1, length, audio.sampleRate)
  const samples = noise.getChannelData(0)
  for (let index = 0; index < length; index++) samples[index] = (Math.random() * 2 - 1) * gain
  const source = audio.createBufferSource()
  source.buffer = noise
  source.connect(master)
  source.start(start)
}
