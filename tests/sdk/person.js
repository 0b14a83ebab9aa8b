// Somebody whose page uses the published SDK. Its globals belong to this frame alone.

/** Whatever the SDK told this page, in its order. */
const heard = { message: [], status: [], conversation: [], chatroom: [], typingStatus: [], pullFinished: [] }
/** Called after each of it. */
const listeners = new Set()

const remember = (name) => (event) => {
  // Some events say nothing.
  heard[name].push(event ?? {})
  for (const listener of listeners) listener()
}

/** Begins to use the SDK; every later call of this page goes through what is returned. */
window.begin = ({ appkey, navigator, transport }) => {
  const logLevel = RongIMLib.LogLevel?.NONE
  const im = RongIMLib.init({ appkey, navigators: [navigator], connectType: transport, logLevel })
  im.watch(Object.fromEntries(Object.keys(heard).map((name) => [name, remember(name)])))
  return im
}
window.heard = heard
window.listeners = listeners
