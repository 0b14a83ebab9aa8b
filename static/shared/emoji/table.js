/**
 * The 128 signs of the panel with their names in the languages of the front ends: `sign English name|Chinese name`.
 * Native characters only: there is no artwork of ours, and whatever else somebody writes is shown as it is.
 */
const TABLE = {
  smileys: `😀 grinning face|嘿嘿
😃 smiling with big eyes|大笑
😄 smiling with smiling eyes|开心
😁 beaming face|露齿笑
😆 laughing|哈哈
😅 relieved laugh|苦笑
😂 tears of joy|笑哭
🙂 slight smile|微笑
😉 winking|眨眼
😊 blushing smile|害羞
😇 halo|天使
😍 heart eyes|花痴
😘 blowing a kiss|飞吻
😋 yummy|好吃
😜 winking with tongue|调皮
🤔 thinking|思考
😐 neutral face|无语
😏 smirking|得意
😒 unamused|不满
🙄 rolling eyes|白眼
😬 grimacing|尴尬
😌 relieved|放心
😔 pensive|失落
😪 sleepy|困
😴 sleeping|睡觉
😷 medical mask|口罩
😎 sunglasses|酷
😕 confused|疑惑
😟 worried|担心
😮 open mouth|惊讶
😯 hushed|吃惊
😳 flushed|脸红
😢 crying|流泪
😭 sobbing|大哭
😱 screaming|惊恐
😖 confounded|纠结
😣 persevering|忍耐
😓 downcast with sweat|汗
😩 weary|疲惫
😤 huffing|哼
😡 angry|生气
😈 smiling with horns|坏笑
😑 expressionless|面无表情
😶 no mouth|沉默
😵 dizzy|晕
🥳 partying|庆祝`,
  people: `👍 thumbs up|赞
👎 thumbs down|踩
👌 OK hand|好的
✌️ victory hand|胜利
👏 clapping|鼓掌
🙏 folded hands|拜托
💪 strong arm|加油
👋 waving|挥手
✋ raised hand|举手
👊 fist|拳头
🤝 handshake|握手
👉 pointing right|右指
👆 pointing up|上指
🤞 crossed fingers|祝好运
🙌 raised hands|欢呼
🤷 shrug|耸肩
🙋 raising hand|我来
🤦 facepalm|捂脸
👀 eyes|看
👂 ear|耳朵
👄 mouth|嘴
👶 baby|宝宝
👦 boy|男孩
👧 girl|女孩
👨 man|男人
👩 woman|女人
👴 old man|爷爷
👵 old woman|奶奶`,
  nature: `🐶 dog|狗
🐱 cat|猫
🐷 pig|猪
🐴 horse|马
🐰 rabbit|兔子
🐼 panda|熊猫
🌹 rose|玫瑰
🌲 tree|树
🍀 four leaf clover|四叶草
☀️ sun|太阳
🌙 moon|月亮
⭐ star|星星
☁️ cloud|云
☔ rain|下雨
⛄ snowman|雪人
🌈 rainbow|彩虹
🔥 fire|火
🍉 watermelon|西瓜
🍎 apple|苹果
🍦 ice cream|冰淇淋
🍚 rice|米饭
🍷 wine|红酒
🍻 beer|啤酒
☕ coffee|咖啡`,
  things: `❤️ red heart|爱心
💔 broken heart|心碎
🎉 party popper|撒花
🎁 gift|礼物
🎂 birthday cake|蛋糕
🎄 Christmas tree|圣诞树
💡 light bulb|灯泡
💤 zzz|瞌睡
💰 money bag|钱
💩 poo|便便
💣 bomb|炸弹
💄 lipstick|口红
👑 crown|皇冠
🎤 microphone|话筒
🎵 music|音乐
🎲 dice|骰子
🏀 basketball|篮球
⚽ football|足球
🏡 house|家
🚗 car|汽车
✈️ aeroplane|飞机
📞 telephone|电话
📦 parcel|包裹
📚 books|书
🎓 graduation cap|毕业
⏰ alarm clock|闹钟
✅ check mark|完成
❌ cross mark|错误
❓ question mark|问号
💯 hundred points|满分`,
}

/** @typedef {{ sign: string, names: string[] }} Emoji */

/** @type {Record<string, Emoji[]>} */
export const EMOJI = Object.fromEntries(
  Object.entries(TABLE).map(([group, lines]) => [
    group,
    lines.split("\n").map((line) => {
      const space = line.indexOf(" ")
      return { sign: line.slice(0, space), names: line.slice(space + 1).split("|") }
    }),
  ]),
)

/**
 * @param {Emoji} emoji
 * @param {string} language
 */
export function nameOf({ names }, language) {
  return (language.startsWith("zh") ? names[1] : names[0]) ?? ""
}

/**
 * Those whose name, in any language, holds all the words.
 * @param {string} query
 */
export function found(query) {
  const words = query.toLowerCase().split(/\s+/u).filter(Boolean)
  const all = Object.values(EMOJI).flat()
  return all.filter(({ sign, names }) =>
    words.every((word) => sign.startsWith(word) || names.some((name) => name.toLowerCase().includes(word))),
  )
}
