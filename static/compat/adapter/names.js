/** Enumerations under the names that pages use, readable both ways, as compiled TypeScript has them. */

/**
 * @param {Record<string, number>} names
 * @returns {Record<string, any>}
 */
function both(names) {
  return Object.freeze({
    ...names,
    ...Object.fromEntries(Object.entries(names).map(([name, number]) => [number, name])),
  })
}

export const EnumConversationType = both({
  PRIVATE: 1,
  DISCUSSION: 2,
  GROUP: 3,
  CHATROOM: 4,
  CUSTOMER_SERVICE: 5,
  SYSTEM: 6,
  APP_PUBLIC_SERVICE: 7,
  PUBLIC_SERVICE: 8,
})

export const EnumConversationListPosition = both({ left: 0, right: 1 })

export const Position = both({ left: 1, right: 2 })

/** How a connection stands: connected, connecting, disconnected, taken over by another device, no network. */
export const STATUS = { live: 0, connecting: 1, waiting: 3, ended: 2, elsewhere: 6 }
