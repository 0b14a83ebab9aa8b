# 客服端。花括号内为参数；$n 决定复数形式。

console-product = Parlor
console-title = { $view } · Parlor
console-skip = 跳到会话
console-list-between = { $a } · { $b }

console-views = 视图
console-inbox = 收件箱
console-view-waiting = 等待中
console-view-mine = 我的
console-view-closed = 已结束
console-view-all = 全部
console-sidebar = 侧边栏
console-sidebar-fold = 收起侧边栏
console-sidebar-unfold = 展开侧边栏

console-your-status = 您的状态
console-status-online = 在线
console-status-busy = 忙碌
console-status-away = 离开
console-status-reconnecting = 正在重新连接
console-status-signed-out = 已退出登录
console-status-online-hint = 新访客会呼叫您
console-status-busy-hint = 在工作，不接新访客
console-status-away-hint = 不在
console-sounds = 声音
console-language = 语言
console-theme = 外观
console-theme-system = 系统
console-theme-light = 浅色
console-theme-dark = 深色
console-keyboard = 键盘
console-sign-out = 退出登录
console-missed = { $t } 错过 { $n } 个来访

console-conversations = 会话
console-list-waiting =
    { $n ->
        [0] 没有人在等您回复
       *[other] { $n } 位在等您回复
    }
console-list-nobody-has =
    { $n ->
        [0] 没有人在等待
       *[other] 尚无人接待
    }
console-list-closed = 已结束的会话
console-list-all = 全部会话
console-order-longest = 等待最久在前
console-order-newest = 最新在前
console-new-pill = { $n } 条更新
console-new-pill-name = 显示 { $n } 条更新
console-list-more = 显示更多
console-list-loading = 正在加载

console-guest = 访客 { $id }
console-you = 您
console-you-prefix = 您：
console-robot-prefix = 机器人：
console-person-prefix = { $name }：
console-house-prefix = Parlor：
console-typing = { $name } 正在输入
console-typing-row = { $name } 正在输入…
console-row-waiting = 已等您 { $t }
console-row-waiting-nobody = 已等待 { $t }
console-row-unread = { $n } 条未读
console-row-not-sent = 未发送
console-row-on = 正在看“{ $title }”
console-row-left = 已留言
console-row-with = 由 { $name } 接待
console-row-with-you = 由您接待
console-row-nobody = 无人接待
console-row-gone-ended = 已结束
console-row-gone-taken = 已由 { $name } 接待
console-row-empty = 还没有消息
console-row-left-message = 留言
console-row-unknown = 发送了无法在此显示的内容
console-rated = { $name } 评了 { $n } 星（共 5 星）
console-rating-solved = 已解决
console-rating-unsolved = 未解决

console-ringing = 来访呼叫
console-ring-line = 正在呼叫您 · 已等待 { $t }
console-ring-alert = { $name } 正在呼叫。按 Alt A 接待。
console-ring-taken = { $name } 已接待
console-ring-taken-somebody = 同事已接待
console-ring-gone = { $name } 已离开
console-ring-everybody = 同时呼叫所有在线同事
console-ring-more = 另有 { $n } 位
console-accept = 接待
console-decline = 拒绝
console-take = 接手
console-end = 结束会话
console-end-short = 结束
console-ended-toast = 与 { $name } 的会话已结束
console-accepted-toast = { $name } 现由您接待
console-open = 打开
console-needs-connection = 需要网络连接
console-back-to-list = 返回列表
console-visitor-panel = 访客信息栏
console-close-panel = 关闭信息栏

console-conversation-with = 与 { $name } 的会话
console-with-you = 由您接待 · 自 { $t }
console-with-other = 由 { $name } 接待 · 自 { $t }
console-nobody-waiting = 无人接待 · 已等待 { $t }
console-nobody-offline = 无人在线时的留言
console-nobody-answered = 无人接待
console-closed-by = { $name } 于 { $t } 结束
console-closed-by-you = 您于 { $t } 结束
console-closed-by-visitor = 访客于 { $t } 结束
console-closed-by-timeout = { $t } 结束，访客已离开
console-closed-line = 此会话已结束。访客再次发送消息时会开始新的会话。
console-take-line = 接手后即可回复
console-other-line = { $name } 正在接待，您可以查看

console-messages = 消息
console-earlier = 显示更早的消息
console-new-messages = { $n } 条新消息
console-to-latest = 回到最新
console-message-name = { $author }，{ $t }
console-message-robot = { $author }，机器人，{ $t }
console-robot = 机器人
console-today = 今天
console-yesterday = 昨天
console-sending = 发送中
console-sent = 已发送
console-delivered = 已送达
console-read = 已读 { $t }
console-read-plain = 已读
console-failed = 未发送
console-failed-closed = 未发送，会话已结束
console-failed-long = 未发送，内容过长
console-try-again = 重试
console-delete = 删除
console-waiting-connection = 等待网络恢复
console-event-joined = { $name } 已加入
console-event-joined-you = 您已加入
console-event-ended-agent = { $name } 结束了会话
console-event-ended-you = 您结束了会话
console-event-ended-visitor = { $name } 结束了会话
console-event-ended-timeout = { $name } 长时间未响应，会话已结束
console-event-left = { $name } 留了言
console-event-recalled = { $name }撤回了一条消息
console-event-recalled-you = 您撤回了一条消息
console-event-unknown = { $name } 发送了无法在此显示的内容
console-left-title = 留言
console-left-hint = 访客填写，未经验证
console-left-name = 姓名
console-left-email = 邮箱
console-left-phone = 电话
console-left-message = 内容

console-reply = 回复
console-reply-placeholder = 回复{ $name }…
console-send = 发送
console-send-hint = Enter 发送，Shift Enter 换行
console-too-long = 超出 { $n } 个字符

console-visitor = 访客
console-began = { $t } 开始
console-began-day = { $day } { $t } 开始
console-not-verified = 身份未验证
console-on-site-now = 正在浏览
console-not-on-site = 当前不在网站上
console-page-unknown = 页面未知
console-came-from = 来自 { $host }
console-came-direct = 直接访问
console-details = 详情
console-local-time = 当地时间
console-local-same = { $t }，与您相同
console-local-other = { $t }，{ $place }
console-language-term = 语言
console-device = 设备
console-site = 站点
console-not-known = 未知
console-rating = 评价
console-rating-name = { $n } 星（共 5 星）
console-copied = 已复制

console-empty-mine = 没有人在等您
console-empty-mine-fact = 您在线时，新会话会在这里呼叫您。
console-empty-mine-list = 全部已回复
console-empty-waiting = 没有人在等待
console-empty-waiting-fact = 访客发来消息后会立即出现在这里。
console-empty-waiting-list = 没有人在等待
console-empty-closed = 还没有结束的会话
console-empty-closed-fact = 您或访客结束的会话会保存在这里。
console-empty-closed-list = 这里还没有内容
console-empty-all = 还没有会话
console-empty-all-fact = 把代码粘贴到您的网站，给自己发一条消息试试。
console-empty-all-list = 这里还没有内容
console-choose = 请选择一个会话
console-choose-fact = 按 J 和 K 在列表中移动。
console-quiet-online = 您在线，下一位访客会在这里呼叫您。
console-quiet-busy = 您处于忙碌状态，恢复在线后才会有来访呼叫。
console-quiet-away = 您已离开，恢复在线后才会有来访呼叫。
console-next-waiting =
    { $n ->
        [0] 没有访客在等待
       *[other] { $n } 位访客在等待
    }
console-next-waiting-hint = 去接待
console-next-demo = 打开演示页
console-next-demo-hint = 以访客身份发消息，在这里回复
console-next-keys = 键盘
console-next-keys-hint = 查看全部快捷键

console-lost = 连接中断
console-lost-restart = 服务器正在重启
console-lost-still = 仍未连接。您的草稿已保存。
console-lost-queue = { $n } 条回复待发送
console-lost-retry = { $t } 秒后重试
console-lost-now = 正在重试
console-try-now = 立即重试
console-back =
    { $n ->
        [0] 已恢复连接
       *[other] 已恢复连接，收到 { $n } 条消息
    }
console-elsewhere = 控制台打开的窗口过多，此窗口已暂停
console-use-here = 在此使用
console-line-broken = 此页面与服务器版本不一致
console-reload = 重新加载

console-keyboard-hint = 未输入文字时，单键有效。
console-single-keys = 单键快捷键
console-keys-list = 列表
console-keys-conversation = 会话
console-keys-go = 前往
console-keys-everywhere = 随处可用
console-key-next = 下一个会话
console-key-previous = 上一个会话
console-key-move = 移动但不打开
console-key-open = 打开
console-key-new = 显示更新
console-key-reply = 回复
console-key-accept = 接待来访，或接手当前会话
console-key-decline = 拒绝
console-key-while-typing = 输入时同样有效
console-key-end = 结束会话
console-key-panel = 访客信息栏
console-key-send = 发送
console-key-newline = 换行
console-key-sounds = 开关声音
console-key-sidebar = 收起或展开侧边栏
console-key-sheet = 此表
console-key-escape = 返回或关闭
console-key-panes = 切换区域
console-sounds-on = 声音已打开
console-sounds-off = 声音已关闭
console-close = 关闭

console-wait-hours = { $h } 小时 { $m } 分
console-wait-days = { $n } 天

console-not-found = 会话不存在，或您无权查看
console-page-not-found = 此网址没有内容
console-forbidden = 您的角色没有此权限
console-broken = 操作失败
console-broken-fact = 已记录，编号 { $id }。
console-back-inbox = 返回收件箱
console-moment = 请稍候

# 入口：设置与登录

console-door-morning = 早上好，{ $name }
console-door-afternoon = 下午好，{ $name }
console-door-evening = 晚上好，{ $name }
console-door-welcome = 欢迎回来
console-door-languages = 语言
console-login-page = 登录
console-login-title = 登录后即可接待访客
console-login-email = 邮箱
console-login-password = 密码
console-login-show = 显示密码
console-login-go = 登录
console-login-wrong = 邮箱与密码不匹配
console-login-limited = 尝试次数过多，{ $t } 后可重试
console-login-email-missing = 请填写邮箱
console-login-password-missing = 请填写密码
console-login-set-up = 此服务器尚未设置
console-login-set-up-link = 开始设置

console-setup-page = 设置
console-setup-title = Parlor 已启动，来完成设置吧
console-setup-code = 设置码
console-setup-help = 启动服务器的终端里显示了设置码，只能使用一次。
console-setup-lost = 终端已关闭？设置完成前，每次启动服务器都会显示新的设置码。
console-setup-continue = 继续
console-setup-back = 返回
console-setup-step-code = 设置码
console-setup-step-you = 您
console-setup-step-site = 首个站点
console-setup-steps = 步骤
console-setup-terminal-demo = 演示页
console-setup-terminal-console = 控制台
console-setup-terminal-data = 数据
console-setup-wrong = 设置码不正确或已失效
console-setup-short = 设置码由八位字母和数字组成
console-setup-you-title = 由谁来接待？
console-setup-you-help = 访客会看到您的姓名。邮箱和密码用于登录。
console-setup-name = 您的姓名
console-setup-name-missing = 访客会看到您的姓名，不能为空
console-setup-email-wrong = 请填写完整的邮箱，例如 ada@shop.example
console-setup-password-rule = 至少 12 个字符
console-setup-password-weak = 请使用至少 12 个字符，且不要使用常见密码
console-setup-finish = 完成
console-setup-done-title = { $name }，一切就绪
console-setup-done-help = 只需一行代码。将它粘贴到每个页面的 { $tag } 之前。
console-setup-line = 要粘贴的代码
console-setup-copy = 复制
console-setup-copied = 已复制
console-setup-demo = 在演示页试一试
console-setup-demo-hint = 以访客身份发消息
console-setup-enter = 打开控制台
console-unreachable = 无法连接服务器，请稍后重试
console-trouble = 操作失败，请稍后重试

console-kind-image = 图片
console-kind-voice = 语音
console-kind-file = 文件
console-kind-video = 视频
console-image-open = 查看图片，{ $name }
console-voice-name = 语音消息，{ $n } 秒
console-voice-unplayed = 未播放
console-voice-play = 播放
console-voice-pause = 暂停
console-voice-unplayable = 无法在此播放
console-file-too-large = 超过 { $size }
console-file-empty = 文件为空
console-file-uploading = 上传中 { $n }%
console-file-progress = { $done } / { $size }
console-file-download = 下载
console-file-waiting = 等待网络恢复
console-file-stopped = 上传中断
console-file-too-large-here = 未发送，文件过大
console-file-damaged = 未发送，图片已损坏
console-file-enough = 未发送，今天的文件数量已达上限
console-file-full = 未发送，服务器空间不足
console-file-gone = 文件已不存在
console-comp-attach = 添加附件
console-comp-emoji = 表情
console-comp-emoji-search = 搜索表情
console-comp-limits = 支持 { $size } 以内的图片和文件
console-emoji-groups = 表情分类
console-emoji-recent = 最近使用
console-emoji-smileys = 笑脸
console-emoji-people = 人物
console-emoji-nature = 自然与食物
console-emoji-things = 物品
console-emoji-none = 没有找到
console-emoji-no-recent = 用过的表情会显示在这里
console-a11y-image = 图片，{ $name }
console-a11y-download = 下载 { $name }，{ $size }
console-a11y-download-plain = 下载 { $name }
console-a11y-uploading = 正在上传 { $name }
console-a11y-cancel-upload = 取消上传
console-a11y-position = 播放位置
console-a11y-close = 关闭
console-a11y-remove = 移除 { $name }
console-a11y-staged = 待发送的文件
console-drop-reply = 松开即可添加到回复
