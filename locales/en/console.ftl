# The agents' side. Arguments in braces; $n chooses the plural form.

console-product = Parlor
console-title = { $view } · Parlor
console-skip = Skip to the conversation
console-list-between = { $a } · { $b }

console-views = Views
console-inbox = Inbox
console-view-waiting = Waiting
console-view-mine = Mine
console-view-closed = Closed
console-view-all = All
console-sidebar = Sidebar
console-sidebar-fold = Narrow the sidebar
console-sidebar-unfold = Widen the sidebar

console-your-status = Your status
console-status-online = Online
console-status-busy = Busy
console-status-away = Away
console-status-reconnecting = Reconnecting
console-status-signed-out = Signed out
console-status-online-hint = New visitors ring you
console-status-busy-hint = At work, nobody rings you
console-status-away-hint = Not here
console-sounds = Sounds
console-language = Language
console-theme = Appearance
console-theme-system = System
console-theme-light = Light
console-theme-dark = Dark
console-keyboard = Keyboard
console-sign-out = Sign out
console-missed =
    { $n ->
        [one] { $n } missed at { $t }
       *[other] { $n } missed at { $t }
    }

console-conversations = Conversations
console-list-waiting =
    { $n ->
        [0] Nobody waits for you
        [one] { $n } waiting for you
       *[other] { $n } waiting for you
    }
console-list-nobody-has =
    { $n ->
        [0] Nobody waits
        [one] Nobody has it yet
       *[other] Nobody has them yet
    }
console-list-closed = Ended conversations
console-list-all = All conversations
console-order-longest = Longest wait first
console-order-newest = Newest first
console-new-pill =
    { $n ->
        [one] { $n } new
       *[other] { $n } new
    }
console-new-pill-name = Show { $n } new
console-list-more = Show more
console-list-loading = Loading

console-guest = Guest { $id }
console-you = You
console-you-prefix = You:
console-robot-prefix = Robot:
console-person-prefix = { $name }:
console-house-prefix = Parlor:
console-typing = { $name } is typing
console-typing-row = { $name } is typing…
console-row-waiting = waiting for you { $t }
console-row-waiting-nobody = waiting { $t }
console-row-unread =
    { $n ->
        [one] { $n } unread
       *[other] { $n } unread
    }
console-row-not-sent = Not sent
console-row-on = On “{ $title }”
console-row-left = Left a message
console-row-with = With { $name }
console-row-with-you = With you
console-row-nobody = Nobody has it
console-row-gone-ended = Ended
console-row-gone-taken = With { $name } now
console-row-empty = No words yet
console-row-left-message = Left a message
console-row-unknown = Sent something that cannot be shown here
console-rated =
    { $n ->
        [one] { $name } rated it { $n } of 5
       *[other] { $name } rated it { $n } of 5
    }
console-rating-solved = Solved
console-rating-unsolved = Not solved

console-ringing = Ringing
console-ring-line = Ringing you · waited { $t }
console-ring-alert = { $name } is ringing. Alt A accepts.
console-ring-taken = { $name } took it
console-ring-taken-somebody = A colleague took it
console-ring-gone = { $name } left
console-ring-everybody = Rings everybody who is online.
console-ring-more =
    { $n ->
        [one] and { $n } more
       *[other] and { $n } more
    }
console-accept = Accept
console-decline = Decline
console-take = Take
console-end = End conversation
console-end-short = End
console-ended-toast = Conversation with { $name } ended
console-accepted-toast = { $name } is yours now
console-open = Open
console-needs-connection = Needs the connection
console-back-to-list = Back to the list
console-visitor-panel = Visitor panel
console-close-panel = Close the panel

console-conversation-with = Conversation with { $name }
console-with-you = With you since { $t }
console-with-other = With { $name } since { $t }
console-nobody-waiting = Nobody has it · waiting { $t }
console-nobody-offline = Left while nobody was online
console-nobody-answered = Nobody has it
console-closed-by = Closed by { $name }, { $t }
console-closed-by-you = Closed by you, { $t }
console-closed-by-visitor = Ended by the visitor, { $t }
console-closed-by-timeout = Ended { $t }, the visitor was away
console-closed-line = This conversation has ended. When the visitor writes again, a new one begins.
console-take-line = Take it to answer.
console-other-line = { $name } answers here. You can read along.

console-messages = Messages
console-earlier = Show earlier messages
console-new-messages =
    { $n ->
        [one] { $n } new message
       *[other] { $n } new messages
    }
console-to-latest = Go to the latest
console-message-name = { $author }, { $t }
console-message-robot = { $author }, robot, { $t }
console-robot = Robot
console-today = Today
console-yesterday = Yesterday
console-sending = Sending
console-sent = Sent
console-delivered = Delivered
console-read = Read { $t }
console-read-plain = Read
console-failed = Not sent
console-failed-closed = Not sent, the conversation has ended
console-failed-long = Not sent, too long
console-try-again = Try again
console-delete = Delete
console-waiting-connection = Waiting for the connection
console-event-joined = { $name } joined
console-event-joined-you = You joined
console-event-ended-agent = { $name } ended the conversation
console-event-ended-you = You ended the conversation
console-event-ended-visitor = { $name } ended the conversation
console-event-ended-timeout = Ended because { $name } was away
console-event-left = { $name } left a message
console-event-recalled = { $name } took back a message
console-event-recalled-you = You took back a message
console-event-unknown = { $name } sent something that cannot be shown here
console-left-title = Left message
console-left-hint = Typed, not verified
console-left-name = Name
console-left-email = E-mail
console-left-phone = Phone
console-left-message = Message

console-reply = Reply
console-reply-placeholder = Reply to { $name }…
console-send = Send
console-send-hint = Enter sends, Shift Enter makes a new line
console-too-long =
    { $n ->
        [one] { $n } character too long
       *[other] { $n } characters too long
    }

console-visitor = Visitor
console-began = Began { $t }
console-began-day = Began { $day }, { $t }
console-not-verified = Identity not verified
console-on-site-now = On the site now
console-not-on-site = Not on the site now
console-page-unknown = Page not known
console-came-from = Came from { $host }
console-came-direct = Came straight to the site
console-details = Details
console-local-time = Local time
console-local-same = { $t }, same as you
console-local-other = { $t }, { $place }
console-language-term = Language
console-device = Device
console-site = Site
console-not-known = not known
console-rating = Rating
console-rating-name =
    { $n ->
        [one] { $n } star of 5
       *[other] { $n } stars of 5
    }
console-copied = Copied

console-empty-mine = Nobody is waiting for you
console-empty-mine-fact = New conversations ring here while you are online.
console-empty-mine-list = All answered.
console-empty-waiting = Nobody is waiting
console-empty-waiting-fact = A visitor who writes appears here at once.
console-empty-waiting-list = Nobody waits.
console-empty-closed = Nothing has ended yet
console-empty-closed-fact = Conversations that you or a visitor ended are kept here.
console-empty-closed-list = Nothing here yet.
console-empty-all = No conversations yet
console-empty-all-fact = Paste the line into your site, and write yourself a message.
console-empty-all-list = Nothing here yet.
console-choose = Choose a conversation
console-choose-fact = J and K walk through the list.
console-quiet-online = You are online. The next visitor rings here.
console-quiet-busy = You are busy. Nobody rings you until you are online again.
console-quiet-away = You are away. Nobody rings you until you are online again.
console-next-waiting =
    { $n ->
        [0] Nobody waits
        [one] { $n } visitor waits
       *[other] { $n } visitors wait
    }
console-next-waiting-hint = Take one
console-next-demo = Open the demo page
console-next-demo-hint = Write as a visitor, answer here
console-next-keys = Keyboard
console-next-keys-hint = Every key on one sheet

console-lost = Connection lost
console-lost-restart = The server is restarting
console-lost-still = Still no connection. Your drafts are safe.
console-lost-queue =
    { $n ->
        [one] { $n } reply waits
       *[other] { $n } replies wait
    }
console-lost-retry = next try in { $t } s
console-lost-now = trying now
console-try-now = Try now
console-back =
    { $n ->
        [0] Connected again
        [one] Connected again, { $n } message came in
       *[other] Connected again, { $n } messages came in
    }
console-elsewhere = The console is open in too many windows. This one has paused.
console-use-here = Use it here
console-line-broken = This page no longer understands the server.
console-reload = Reload

console-keyboard-hint = Single keys work while you are not typing.
console-single-keys = Single-key shortcuts
console-keys-list = List
console-keys-conversation = Conversation
console-keys-go = Go to
console-keys-everywhere = Everywhere
console-key-next = next conversation
console-key-previous = previous conversation
console-key-move = move without opening
console-key-open = open
console-key-new = show what is new
console-key-reply = reply
console-key-accept = accept, or take the open one
console-key-decline = decline
console-key-while-typing = the same while typing
console-key-end = end conversation
console-key-panel = visitor panel
console-key-send = send
console-key-newline = new line
console-key-sounds = sounds on or off
console-key-sidebar = sidebar or rail
console-key-sheet = this sheet
console-key-escape = back, or close what is open
console-key-panes = from pane to pane
console-sounds-on = Sounds are on
console-sounds-off = Sounds are off
console-close = Close

console-wait-hours = { $h } h { $m } min
console-wait-days =
    { $n ->
        [one] { $n } d
       *[other] { $n } d
    }

console-not-found = This conversation does not exist, or you may not see it
console-page-not-found = There is nothing at this address
console-forbidden = Your role does not include this
console-broken = That did not work
console-broken-fact = It is written down as { $id }.
console-back-inbox = Back to the inbox
console-moment = One moment

# The doors: set-up and sign-in.

console-door-morning = Good morning, { $name }
console-door-afternoon = Good afternoon, { $name }
console-door-evening = Good evening, { $name }
console-door-welcome = Welcome back
console-door-languages = Language
console-login-page = Sign in
console-login-title = Sign in to answer your visitors.
console-login-email = E-mail
console-login-password = Password
console-login-show = Show the password
console-login-go = Sign in
console-login-wrong = E-mail and password do not match.
console-login-limited = Too many tries. Next try in { $t }.
console-login-email-missing = Write your e-mail address.
console-login-password-missing = Write your password.
console-login-set-up = This server is not set up yet.
console-login-set-up-link = Set it up

console-setup-page = Set up
console-setup-title = Your Parlor is running. Make it yours.
console-setup-code = Set-up code
console-setup-help = The server printed a set-up code where you started it. It works once.
console-setup-lost = Lost the terminal? Every start of the server prints a new code until this is done.
console-setup-continue = Continue
console-setup-back = Back
console-setup-step-code = Code
console-setup-step-you = You
console-setup-step-site = First site
console-setup-steps = Steps
console-setup-terminal-demo = Demo page
console-setup-terminal-console = Console
console-setup-terminal-data = Data
console-setup-wrong = This code is not right, or no longer valid.
console-setup-short = The code has eight letters and digits.
console-setup-you-title = Who answers the door?
console-setup-you-help = Visitors see your name. With e-mail and password you sign in.
console-setup-name = Your name
console-setup-name-missing = Visitors see your name; it cannot be empty.
console-setup-email-wrong = This is not a full e-mail address, such as ada@shop.example.
console-setup-password-rule = 12 characters or more
console-setup-password-weak = Use 12 characters or more, and not a well-known one.
console-setup-finish = Finish
console-setup-done-title = Your door is open, { $name }.
console-setup-done-help = One line puts the chat on a page. Paste it before { $tag } on every page.
console-setup-line = Line to paste
console-setup-copy = Copy
console-setup-copied = Copied
console-setup-demo = Try it on the demo page
console-setup-demo-hint = Write as a visitor
console-setup-enter = Open the console
console-unreachable = The server cannot be reached. Try again in a moment.
console-trouble = That did not work. Try again in a moment.

console-kind-image = Picture
console-kind-voice = Voice message
console-kind-file = File
console-kind-video = Video
console-image-open = Open image, { $name }
console-voice-name = Voice message, { $n } seconds
console-voice-unplayed = not played yet
console-voice-play = Play
console-voice-pause = Pause
console-voice-unplayable = Cannot be played here
console-file-too-large = Larger than { $size }
console-file-empty = This file is empty
console-file-uploading = Uploading, { $n } %
console-file-progress = { $done } of { $size }
console-file-download = Download
console-file-waiting = Waiting for the connection
console-file-stopped = Upload stopped
console-file-too-large-here = Not sent, it is too large
console-file-damaged = Not sent, the picture is damaged
console-file-enough = Not sent, that is enough files for today
console-file-full = Not sent, the server has no room for files now
console-file-gone = This file is no longer there
console-comp-attach = Attach a file
console-comp-emoji = Emoji
console-comp-emoji-search = Search emoji
console-comp-limits = Pictures and files up to { $size }
console-emoji-groups = Emoji categories
console-emoji-recent = Recently used
console-emoji-smileys = Smileys
console-emoji-people = People
console-emoji-nature = Nature and food
console-emoji-things = Things
console-emoji-none = Nothing found
console-emoji-no-recent = What you use appears here
console-a11y-image = Image, { $name }
console-a11y-download = Download { $name }, { $size }
console-a11y-download-plain = Download { $name }
console-a11y-uploading = Uploading { $name }
console-a11y-cancel-upload = Cancel upload
console-a11y-position = Position
console-a11y-close = Close
console-a11y-remove = Remove { $name }
console-a11y-staged = Files to send
console-drop-reply = Drop to attach to your reply
