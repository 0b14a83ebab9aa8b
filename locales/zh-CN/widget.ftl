# The visitor's side. Keys follow the screens; arguments in braces.

launcher-open = 打开对话
launcher-unread = 打开对话，{ $n } 条未读消息
launcher-close = 关闭对话
launcher-label = 在线咨询

teaser-from = { $site } 的{ $name }
teaser-dismiss = 关闭提示

panel-title = 与{ $site }对话

head-back = 返回首页
head-more = 更多选项
head-minimise = 最小化对话
head-close = 关闭对话

status-online = 在线
status-connecting = 正在连接
status-seen = 最近在线 { $time }
status-busy = { $names }正在接待其他访客
status-back = { $day } { $time } 回来（您的时间）
status-ended = 对话已于 { $time } 结束
status-robot = 根据帮助文档即时回答
status-in-call = 正在与您通话

tag-robot = 机器人

home-morning = 早上好，
home-afternoon = 下午好，
home-evening = 晚上好，
home-ask = 请问需要什么帮助？
home-team = { $names }在线
home-wait = 通常 { $n } 分钟内回复
home-wait-moments = 通常 1 分钟内回复
home-wait-hours = 通常 { $n } 小时内回复
home-earlier = 之前的对话
home-all = 全部对话
home-ended-rated = 已结束 · 您评了 { $n } 星
home-ended = 已结束
home-quick = 常见问题
home-write = 给我们留言
home-by = 由 Parlor 提供

menu-mute = 关闭提示音
menu-unmute = 打开提示音
menu-notify = 有回复时通知我
menu-transcript-mail = 发送对话记录
menu-transcript-get = 下载对话记录
menu-popout = 在新窗口打开
menu-privacy = 隐私与我的数据
menu-end = 结束对话

log-name = 对话
log-earlier = 查看更早的消息
log-new = { $n } 条新消息
log-unread = 新消息

day-today = 今天
day-yesterday = 昨天

state-sending = 发送中
state-waiting = { $n } 条待发送
state-sent = 已发送 { $time }
state-delivered = 已送达 { $time }
state-read = 已读 { $time }
state-read-by = { $n } 人已读
state-failed = 未发送
state-retry = 重试
state-delete = 删除

typing-one = { $name }正在输入

note-joined = { $name }已加入对话
note-took-over = { $name }已接替{ $other }
note-asked-person = 您已请求人工服务 · { $time }
note-recalled-own = 您撤回了一条消息
note-recalled = { $name }撤回了一条消息
note-edit-again = 重新编辑
note-unknown = 暂不支持显示此类消息
note-idle = 您还在吗？对话将在 { $n } 分钟后关闭。

msg-reply = 回复
msg-copy = 复制文字
msg-recall = 撤回
msg-recall-left = 剩余 { $time }
msg-reply-to = 回复{ $name }
msg-you = 您

comp-message = 输入消息
comp-to = 发消息给{ $name }
comp-ask = 输入您的问题
comp-add = 继续补充
comp-send = 发送
comp-send-empty = 请先输入消息
comp-attach = 添加附件
comp-photo = 照片或视频
comp-camera = 拍照
comp-file = 文件
comp-emoji = 表情
comp-emoji-search = 搜索表情
comp-voice = 录制语音
comp-voice-hint = 最长 { $n } 秒，按 Esc 取消
comp-voice-discard = 取消录音
comp-mic-denied = 浏览器未允许使用麦克风，可在地址栏中更改
comp-drop = 松开即可发送给{ $name }
comp-limits = 支持 { $size } 以内的图片和文件
comp-too-long = 超出 { $n } 个字

file-too-large = 超过 { $size }
file-kind = 不支持发送此类文件
file-empty = 文件为空
file-uploading = 上传中 { $n }%
file-progress = { $done } / { $size }
file-download = 下载

voice-name = 语音消息，{ $n } 秒
voice-unplayed = 未播放
voice-play = 播放
voice-pause = 暂停
voice-transcript = 转文字

image-open = 查看图片，{ $name }

group-title = 请选择咨询类型
group-hint = 之后可以更改
group-here = { $n } 人在线

queue-place = 排在第 { $n } 位
queue-next = 下一位就是您
queue-wait = 约 { $n } 分钟
queue-wait-unknown = 需要几分钟
queue-text = 最先有空的客服会看到您上面的消息。您可以关闭窗口，排队位置会保留。
queue-leave = 改为留言
queue-finding = 正在为您寻找空闲的客服…

robot-person = 转人工服务
robot-helped = 这个回答有帮助吗？

yes = 是
no = 否

robot-nobody = 目前没有空闲的客服，您可以继续咨询机器人或留言。

form-pre-title = 开始之前
form-pre-text = 便于我们查找订单，并在断线时联系您。
form-name = 姓名
form-email = 邮箱
form-phone = 电话
form-topic = 咨询内容
form-question = 您的问题
form-optional = 选填
form-start = 开始对话
form-consent = 我同意{ $site }保存此对话 { $n } 天。
form-privacy = 隐私声明

err-empty = 请填写此项
err-email = 请填写完整的邮箱，例如 nora@mail.com
err-phone = 请填写正确的电话号码
err-long = 最多 { $n } 个字
err-consent = 请先勾选同意

away-title = 现在没有客服在线
away-text = 请留言，您可以回到这里查看回复；留下邮箱，我们也能联系到您。
away-message = 留言内容
away-send = 提交留言
away-done = 已收到您的留言
away-done-text = 您可以回到这里查看回复，我们也可以通过 { $email } 联系您。
away-ref = 编号 { $id }
away-again = 再留一条
away-close = 关闭

end-title = 结束对话？
end-text = { $name }会看到您已离开。您之后仍可在此查看对话，也可随时开始新的对话。
end-keep = 继续对话
end-do = 结束对话

rate-title = 您对{ $name }的服务满意吗？
rate-1 = 很差
rate-2 = 较差
rate-3 = 一般
rate-4 = 满意
rate-5 = 非常满意
rate-better = 哪些方面可以改进？
rate-tag-1 = 回复慢
rate-tag-2 = 表达不清
rate-tag-3 = 不了解情况
rate-tag-4 = 态度不好
rate-robot = 问题解决了吗？
rate-robot-tag-1 = 答非所问
rate-robot-tag-2 = 理解能力差
rate-robot-tag-3 = 一问三不知
rate-robot-tag-4 = 不礼貌
rate-solved = 问题解决了吗？
rate-more = 还有什么想说的？
rate-send = 提交评价
rate-skip = 跳过

thanks-title = 谢谢您，{ $name }
thanks-text = { $name }和团队会认真阅读每条评价。

copy-title = 对话副本
copy-send = 发送
copy-get = 直接下载
copy-sent = 已发送至 { $email }

new = 新对话

net-reconnecting = 正在重新连接… { $n } 秒后重试
net-try = 立即重试
net-offline = 网络已断开，恢复后会自动发送
net-unreachable = 暂时无法连接，您输入的内容会保留
net-back = 已重新连接
net-expired = 请刷新页面后继续
net-reload = 刷新

else-title = 您正在其他设备上对话
else-text = 内容不会丢失。您可以继续在那里对话，或转到此窗口。
else-here = 在此使用

privacy-text = { $site }会保存此对话 { $n } 天。我们保存您所在的页面地址（不含参数）、语言以及您输入的内容。
privacy-get = 下载我的数据
privacy-get-text = 一个文件，马上就好
privacy-delete = 删除我的数据
privacy-delete-text = 对话、文件和邮箱地址

done = 完成

list-title = 消息
list-search = 搜索
list-empty = 还没有消息
list-members = { $n } 位成员，{ $m } 人在线
list-room = { $n } 人在线
list-deleted = 已删除对话

undo = 撤销

call-in = { $name }来电
call-out = 正在呼叫{ $name }…
call-video = 视频通话
call-voice = 语音通话
call-answer = 接听
call-decline = 拒绝
call-no-camera = 关闭摄像头接听
call-hang-up = 挂断
call-missed = 未接来电
call-back = 回拨
call-length = { $kind }，{ $n } 分钟
call-busy = { $name }正在通话中
call-no-answer = 无人接听
call-weak = 网络不佳

kind-image = 图片
kind-voice = 语音
kind-file = 文件
kind-location = 位置
kind-video = 视频

# 本版本的补充文字。

home-away = 现在没有客服在线
home-away-text = 请留言，我们会在这里回复
status-waiting = 正在排队
status-away = 现在没有客服在线
queue-place-far = 排在第 { $n } 位
queue-waiting = 您正在排队
ordinal-1 = 1
ordinal-2 = 2
ordinal-3 = 3
ordinal-4 = 4
ordinal-5 = 5
ordinal-6 = 6
ordinal-7 = 7
ordinal-8 = 8
ordinal-9 = 9
ordinal-10 = 10
away-note = 您的消息已保存，回到这里即可查看回复
away-contact = 留下邮箱
end-text-plain = 您之后仍可在此查看对话，也可随时开始新的对话。
note-ended = 对话已结束 · { $time }
note-left-message = 您已留言
rate-title-plain = 您对本次服务满意吗？
thanks-plain = 谢谢您
thanks-text-plain = 团队会认真阅读每条评价。
err-send = 操作未成功，请重试
preview-you = 您：{ $text }

a11y-message = { $name }：{ $text }，{ $time }
a11y-own = 您：{ $text }，{ $time }，{ $state }
a11y-sending = 发送中
a11y-waiting = 待发送
a11y-sent = 已发送
a11y-delivered = 已送达
a11y-read = 已读
a11y-failed = 未发送
a11y-delete = 删除消息
a11y-not-sent = 消息未发送
a11y-new = { $n } 条新消息，查看最新
a11y-latest = 查看最新消息
a11y-unread = { $n } 条未读消息
a11y-star = { $n } 星，{ $word }
a11y-earlier-loaded = 已显示更早的消息

voice-unplayable = 无法在此播放
file-waiting = 等待网络恢复
file-stopped = 上传中断
file-too-large-here = 未发送，文件过大
file-damaged = 未发送，图片已损坏
file-enough = 未发送，今天的文件数量已达上限
file-full = 未发送，服务器空间不足
file-not-here = 未发送，此会话不支持文件
file-gone = 文件已不存在
emoji-groups = 表情分类
emoji-recent = 最近使用
emoji-smileys = 笑脸
emoji-people = 人物
emoji-nature = 自然与食物
emoji-things = 物品
emoji-none = 没有找到
emoji-no-recent = 用过的表情会显示在这里
a11y-image = 图片，{ $name }
a11y-download = 下载 { $name }，{ $size }
a11y-download-plain = 下载 { $name }
a11y-uploading = 正在上传 { $name }
a11y-cancel-upload = 取消上传
a11y-position = 播放位置
a11y-close = 关闭
a11y-remove = 移除 { $name }
a11y-staged = 待发送的文件

# 供为原有组件编写的网页使用。

compat-choose = 请选择一个对话
compat-leave = 关闭对话
compat-search = 搜索对话
compat-nothing-found = 没有找到
compat-mute = 静音
compat-hide = 收起消息
compat-back = 返回消息列表
compat-delete-of = 删除与{ $name }的对话
compat-room = 聊天室 { $name }
compat-system = 系统通知
compat-service = 客服
compat-group-create = { $name }创建了群组
compat-group-add = { $name }邀请{ $others }加入群组
compat-group-quit = { $name }退出了群组
compat-group-kick = { $name }将{ $others }移出群组
compat-group-rename = { $name }将群名改为{ $group }
compat-group-dismiss = { $name }解散了群组
compat-group-other = 群组信息有变化
compat-closed = 此对话不再接收消息
compat-place = 位置：{ $name }
compat-members = { $n } 位成员
