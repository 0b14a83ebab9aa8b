# The visitor's side. Keys follow the screens; arguments in braces.

launcher-open = Open chat
launcher-unread =
    { $n ->
        [one] Open chat, { $n } unread message
       *[other] Open chat, { $n } unread messages
    }
launcher-close = Close chat
launcher-label = Ask a person

teaser-from = { $name } from { $site }
teaser-dismiss = Dismiss message

panel-title = Chat with { $site }

head-back = Back to start
head-more = More options
head-minimise = Minimise chat
head-close = Close chat

status-online = Online
status-connecting = Connecting
status-seen = Seen { $time }
status-busy =
    { $n ->
        [one] { $names } is with others
       *[other] { $names } are with others
    }
status-back = Back { $day } at { $time }, your time
status-ended = Chat ended { $time }
status-robot = From our help pages, at once
status-in-call = In a call with you

tag-robot = Robot

home-morning = Good morning.
home-afternoon = Good afternoon.
home-evening = Good evening.
home-ask = How can we help?
home-team =
    { $n ->
        [one] { $names } is here
       *[other] { $names } are here
    }
home-wait =
    { $n ->
        [one] Usually answers in { $n } minute
       *[other] Usually answers in { $n } minutes
    }
home-wait-moments = Usually answers in under a minute
home-wait-hours =
    { $n ->
        [one] Usually answers within { $n } hour
       *[other] Usually answers within { $n } hours
    }
home-earlier = Earlier conversations
home-all = All conversations
home-ended-rated = Ended · you rated it { $n } of 5
home-ended = Ended
home-quick = Quick questions
home-write = Write to us
home-by = Chat by Parlor

menu-mute = Mute sounds
menu-unmute = Unmute sounds
menu-notify = Notify me
menu-transcript-mail = Send transcript
menu-transcript-get = Download transcript
menu-popout = Open in a window
menu-privacy = Privacy and my data
menu-end = End chat

log-name = Conversation
log-earlier = Show earlier messages
log-new =
    { $n ->
        [one] { $n } new message
       *[other] { $n } new messages
    }
log-unread = New

day-today = Today
day-yesterday = Yesterday

state-sending = Sending
state-waiting = { $n } waiting
state-sent = Sent { $time }
state-delivered = Delivered { $time }
state-read = Read { $time }
state-read-by = Read by { $n }
state-failed = Not sent
state-retry = Try again
state-delete = Delete

typing-one = { $name } is typing

note-joined = { $name } joined the conversation
note-took-over = { $name } took over from { $other }
note-asked-person = You asked for a person · { $time }
note-recalled-own = You took back a message
note-recalled = { $name } took back a message
note-edit-again = Edit and send again
note-unknown = This kind of message cannot be shown here
note-idle =
    { $n ->
        [one] Still there? This chat closes in { $n } minute.
       *[other] Still there? This chat closes in { $n } minutes.
    }

msg-reply = Reply
msg-copy = Copy text
msg-recall = Take back
msg-recall-left = { $time } left
msg-reply-to = Reply to { $name }
msg-you = You

comp-message = Message
comp-to = Message { $name }
comp-ask = Ask something
comp-add = Add something
comp-send = Send
comp-send-empty = Write a message first
comp-attach = Attach a file
comp-photo = Photo or video
comp-camera = Camera
comp-file = File
comp-emoji = Emoji
comp-emoji-search = Search emoji
comp-voice = Record a voice message
comp-voice-hint = Up to { $n } seconds. Escape discards.
comp-voice-discard = Discard recording
comp-mic-denied = The browser does not allow the microphone. You can change that in the address bar.
comp-drop = Drop to send to { $name }
comp-limits = Pictures and files up to { $size }
comp-too-long =
    { $n ->
        [one] { $n } character too many
       *[other] { $n } characters too many
    }

file-too-large = Larger than { $size }
file-kind = This kind of file cannot be sent
file-empty = This file is empty
file-uploading = Uploading, { $n } %
file-progress = { $done } of { $size }
file-download = Download

voice-name = Voice message, { $n } seconds
voice-unplayed = not played yet
voice-play = Play
voice-pause = Pause
voice-transcript = Transcript

image-open = Open image, { $name }

group-title = Who can help best?
group-hint = You can change this later.
group-here = { $n } people here

queue-place = { $ordinal } in line
queue-next = You are next
queue-wait =
    { $n ->
        [one] About { $n } minute
       *[other] About { $n } minutes
    }
queue-wait-unknown = A few minutes
queue-text = Whoever is free first will read what you wrote above. You can close this window, your place is kept.
queue-leave = Leave a message instead
queue-finding = Looking for someone who is free…

robot-person = Talk to a person
robot-helped = Did this help?

yes = Yes
no = No

robot-nobody = Nobody is free right now. Go on with the robot, or leave a message.

form-pre-title = Before we start
form-pre-text = So that we can find your order and reach you if the line drops.
form-name = Name
form-email = E-mail
form-phone = Phone
form-topic = What is it about?
form-question = Your question
form-optional = optional
form-start = Start chat
form-consent = I agree that { $site } stores this chat for { $n } days.
form-privacy = Privacy notice

err-empty = Please fill this in
err-email = Add the part after the @, for example nora@mail.com
err-phone = Use digits, spaces and a leading +
err-long = At most { $n } characters
err-consent = Please agree first, so that we may store the chat

away-title = Nobody is in right now
away-text = Leave a message. The answer waits for you here, and with your e-mail we can reach you too.
away-message = Message
away-send = Send message
away-done = We have your message
away-done-text = The answer waits for you here. We can also reach you at { $email }.
away-ref = Reference { $id }
away-again = Send another
away-close = Close

end-title = End this chat?
end-text = { $name } will see that you left. You can read the chat here later and start a new one any time.
end-keep = Keep chatting
end-do = End chat

rate-title = How was your chat with { $name }?
rate-1 = Bad
rate-2 = Poor
rate-3 = All right
rate-4 = Good
rate-5 = Very good
rate-better = What could have been better?
rate-tag-1 = Slow answers
rate-tag-2 = Hard to follow
rate-tag-3 = Did not know
rate-tag-4 = Impolite
rate-robot = Did this solve it?
rate-robot-tag-1 = Not what I asked
rate-robot-tag-2 = Did not understand me
rate-robot-tag-3 = Knew nothing about it
rate-robot-tag-4 = Impolite
rate-solved = Is your question solved?
rate-more = Anything else?
rate-send = Send rating
rate-skip = Skip

thanks-title = Thank you, { $name }
thanks-text = { $name } and the team read every rating.

copy-title = A copy of this chat
copy-send = Send
copy-get = Download instead
copy-sent = On its way to { $email }

new = New conversation

net-reconnecting =
    { $n ->
        [one] Reconnecting… next try in { $n } second
       *[other] Reconnecting… next try in { $n } seconds
    }
net-try = Try now
net-offline = You are offline. We send these when you are back.
net-unreachable = We cannot reach the chat. What you write is kept.
net-back = Connected again
net-expired = Please reload the page to go on
net-reload = Reload

else-title = You are chatting on another device
else-text = Nothing is lost. Continue there, or move the chat to this window.
else-here = Use it here

privacy-text = { $site } keeps this chat for { $n } days. We store the page you write from without its search part, your language, and what you write.
privacy-get = Download my data
privacy-get-text = One file, ready in a moment
privacy-delete = Delete my data
privacy-delete-text = Chats, files and your e-mail address

done = Done

list-title = Messages
list-search = Search
list-empty = No messages yet
list-members = { $n } members, { $m } here
list-room = { $n } people here
list-deleted = Conversation deleted

undo = Undo

call-in = { $name } is calling
call-out = Calling { $name }…
call-video = Video call
call-voice = Voice call
call-answer = Answer
call-decline = Decline
call-no-camera = Answer without camera
call-hang-up = Hang up
call-missed = Missed call
call-back = Call back
call-length = { $kind }, { $n } minutes
call-busy = { $name } is in another call
call-no-answer = No answer
call-weak = Weak connection

kind-image = Picture
kind-voice = Voice message
kind-file = File
kind-location = Location
kind-video = Video

# Said by this version, beside the design's table.

home-away = Nobody is in right now
home-away-text = Leave a message, we answer here
status-waiting = In line
status-away = Nobody is in right now
queue-place-far = Number { $n } in line
queue-waiting = You are in line
ordinal-1 = First
ordinal-2 = Second
ordinal-3 = Third
ordinal-4 = Fourth
ordinal-5 = Fifth
ordinal-6 = Sixth
ordinal-7 = Seventh
ordinal-8 = Eighth
ordinal-9 = Ninth
ordinal-10 = Tenth
away-note = What you wrote is kept, and the answer waits for you here.
away-contact = Leave your e-mail
end-text-plain = You can read the chat here later and start a new one any time.
note-ended = Chat ended · { $time }
note-left-message = You left a message
rate-title-plain = How was your chat?
thanks-plain = Thank you
thanks-text-plain = The team reads every rating.
err-send = That did not work. Try again
preview-you = You: { $text }

a11y-message = { $name }: { $text }, { $time }
a11y-own = You: { $text }, { $time }, { $state }
a11y-sending = sending
a11y-waiting = waiting
a11y-sent = sent
a11y-delivered = delivered
a11y-read = read
a11y-failed = not sent
a11y-delete = Delete message
a11y-not-sent = Message not sent
a11y-new =
    { $n ->
        [one] { $n } new message, go to the latest
       *[other] { $n } new messages, go to the latest
    }
a11y-latest = Go to the latest
a11y-unread =
    { $n ->
        [one] { $n } unread message
       *[other] { $n } unread messages
    }
a11y-star =
    { $n ->
        [one] { $n } star, { $word }
       *[other] { $n } stars, { $word }
    }
a11y-earlier-loaded = Earlier messages are shown

voice-unplayable = Cannot be played here
file-waiting = Waiting for the connection
file-stopped = Upload stopped
file-too-large-here = Not sent, it is too large
file-damaged = Not sent, the picture is damaged
file-enough = Not sent, that is enough files for today
file-full = Not sent, the server has no room for files now
file-not-here = Not sent, this chat takes no files
file-gone = This file is no longer there
emoji-groups = Emoji categories
emoji-recent = Recently used
emoji-smileys = Smileys
emoji-people = People
emoji-nature = Nature and food
emoji-things = Things
emoji-none = Nothing found
emoji-no-recent = What you use appears here
a11y-image = Image, { $name }
a11y-download = Download { $name }, { $size }
a11y-download-plain = Download { $name }
a11y-uploading = Uploading { $name }
a11y-cancel-upload = Cancel upload
a11y-position = Position
a11y-close = Close
a11y-remove = Remove { $name }
a11y-staged = Files to send

# For pages that were written for the original widget.

compat-choose = Choose a conversation
compat-leave = Close conversation
compat-search = Search conversations
compat-nothing-found = Nothing found
compat-mute = Mute sounds
compat-hide = Minimise messages
compat-back = Back to messages
compat-delete-of = Delete conversation with { $name }
compat-room = Chatroom { $name }
compat-system = Notices
compat-service = Customer service
compat-group-create = { $name } created the group
compat-group-add = { $name } added { $others }
compat-group-quit = { $name } left the group
compat-group-kick = { $name } removed { $others }
compat-group-rename = { $name } named the group { $group }
compat-group-dismiss = { $name } dismissed the group
compat-group-other = Something changed in this group
compat-closed = This conversation takes no more messages
compat-place = Location: { $name }
compat-members =
    { $n ->
        [one] { $n } member
       *[other] { $n } members
    }
