//! What frames are about: every topic of the compatible protocol, by who writes it. A closed list; what is not in it
//! is answered as unknown. Source: compatible protocol, "Topics" and "Later clients".

use crate::model::Kind;

macro_rules! topics {
    ($(#[doc = $about:literal])* $name:ident { $(#[doc = $doc:literal] $variant:ident = $text:literal;)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $doc] $variant,)*
        }

        impl $name {
            /// Every one, in the order of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The topic in a frame.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The topic that a frame names.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

topics! {
    /// A PUBLISH of a client: it sends. The body is an `UpStreamMessage`.
    Sending {
        /// To a user.
        Private = "ppMsgP";
        /// To a discussion.
        Discussion = "pdMsgP";
        /// To a group.
        Group = "pgMsgP";
        /// To a chatroom.
        Chatroom = "chatMsg";
        /// To customer service.
        Service = "pcMsgP";
        /// A system message, which clients may not send: the topic is empty.
        System = "";
        /// To an account of the app.
        AppService = "pmcMsgN";
        /// To a public account.
        PublicService = "pmpMsgN";
        /// From an agent to a visitor.
        FromAgent = "pcuMsgP";
        /// Takes a message back; the target is the sender.
        Recall = "recallMsg";
        /// A passing message to a user (later clients).
        PassingPrivate = "ppMsgS";
        /// A passing message to a group (later clients).
        PassingGroup = "pgMsgS";
        /// A passing message to a chatroom (later clients).
        PassingChatroom = "chatMsgS";
        /// To the room of a call.
        Call = "prMsgP";
        /// A passing message to the room of a call.
        PassingCall = "prMsgS";
    }
}

topics! {
    /// A QUERY of a client: it asks.
    Asking {
        /// What came since.
        Pull = "pullMsg";
        /// What came in a chatroom since.
        PullChatroom = "chrmPull";
        /// History with a user or an account.
        HistoryPrivate = "qryPMsg";
        /// History of a discussion.
        HistoryDiscussion = "qryDMsg";
        /// History of a group.
        HistoryGroup = "qryGMsg";
        /// History with customer service, or of a chatroom.
        HistoryService = "qryCMsg";
        /// System messages.
        HistorySystem = "qrySMsg";
        /// History of a chatroom; the target is the user.
        HistoryChatroom = "qryCHMsg";
        /// Throws messages away.
        Delete = "delMsg";
        /// Throws away the history with a user.
        ClearPrivate = "cleanPMsg";
        /// Throws away the history of a discussion.
        ClearDiscussion = "cleanDMsg";
        /// Throws away the history of a group.
        ClearGroup = "cleanGMsg";
        /// Throws away the history with customer service.
        ClearService = "cleanCMsg";
        /// Throws away system messages.
        ClearSystem = "cleanSMsg";
        /// The list of conversations.
        Conversations = "qryRelation";
        /// The list of conversations (later clients).
        ConversationsLater = "qryRelationR";
        /// Takes a conversation out of the list.
        Remove = "delRelation";
        /// Takes conversations out of the list (later clients).
        RemoveSeveral = "delSessions";
        /// A conversation was read up to a time (later clients).
        Read = "updRRTime";
        /// Whether a user's notifications are silent.
        IsSilentUser = "qryPPush";
        /// Whether a discussion's notifications are silent.
        IsSilentDiscussion = "qryDPush";
        /// Silences a user's notifications.
        SilenceUser = "blkPPush";
        /// Lets a user's notifications ring.
        UnsilenceUser = "unblkPPush";
        /// Silences a discussion's notifications.
        SilenceDiscussion = "blkDPush";
        /// Lets a discussion's notifications ring.
        UnsilenceDiscussion = "unblkDPush";
        /// How the user keeps conversations (later clients).
        PullSettings = "pullSeAtts";
        /// Changes how the user keeps a conversation (later clients).
        ChangeSettings = "setSeAtt";
        /// Comes into a chatroom.
        JoinChatroom = "joinChrm";
        /// Comes into a chatroom that is there (later clients).
        JoinExisting = "joinChrmR";
        /// Leaves a chatroom.
        QuitChatroom = "exitChrm";
        /// Who is in a chatroom.
        ChatroomInfo = "queryChrmI";
        /// Sets an attribute.
        SetAttribute = "setKV";
        /// Sets several attributes (later clients).
        SetAttributes = "setKVS";
        /// Removes an attribute.
        RemoveAttribute = "delKV";
        /// Removes several attributes (later clients).
        RemoveAttributes = "delKVS";
        /// The attributes of a chatroom.
        PullAttributes = "pullKV";
        /// Hears nothing more from a user.
        Block = "addBlack";
        /// Hears from a user again.
        Unblock = "rmBlack";
        /// Whom the user blocked.
        Blocked = "getBlack";
        /// Whether the user blocked somebody.
        IsBlocked = "blackStat";
        /// A token to upload with.
        UploadToken = "qnTkn";
        /// Where an uploaded file is.
        DownloadUrl = "qnUrl";
        /// Who is here.
        UserStatus = "getUserStatus";
        /// Says how the user is.
        SetUserStatus = "setUserStatus";
        /// Wants to hear how users are.
        WatchUserStatus = "subUserStatus";
        /// The user's settings.
        PullUserSettings = "pullUS";
        /// For how many days messages wait for the user.
        OfflineDays = "setOfflineMsgDur";
        /// Key of a call.
        CallKey = "qryVoipK";
        /// What the client is (later clients).
        ReportClient = "reportsdk";
        /// Group messages were read (later clients).
        ReadMessages = "rrMsg";
        /// Who read a group message (later clients).
        Readers = "rrList";
        /// Founds a discussion.
        CreateDiscussion = "crDiz";
        /// Brings users into a discussion.
        InviteToDiscussion = "invtDiz";
        /// What a discussion is.
        DiscussionInfo = "dizInf";
        /// Leaves a discussion.
        QuitDiscussion = "quitDiz";
        /// Puts somebody out of a discussion.
        KickFromDiscussion = "evctDiz";
        /// Who may bring others into a discussion.
        OpenDiscussion = "pdOpen";
        /// Renames a discussion.
        RenameDiscussion = "rename";
        /// The accounts that the user follows.
        PullAccounts = "pullMp";
        /// Looks for accounts.
        SearchAccounts = "schMp";
        /// Follows a public account.
        FollowPublic = "mpFollow";
        /// Follows an account of the app.
        FollowApp = "mcFollow";
        /// Stops following a public account.
        UnfollowPublic = "mpUnFollow";
        /// Stops following an account of the app.
        UnfollowApp = "mcUnFollow";
        /// Comes into the room of a call.
        CallJoin = "rtcRJoin_data";
        /// Leaves the room of a call.
        CallExit = "rtcRExit";
        /// Is still in the room of a call.
        CallPing = "rtcPing";
        /// Token of a call.
        CallToken = "rtcToken";
        /// Data of those in a call.
        CallUserData = "rtcUData";
        /// Those in a call.
        CallUsers = "rtcUList";
        /// What the room of a call is.
        CallInfo = "rtcRInfo";
        /// Keeps something for oneself in a call.
        CallPutUser = "rtcUPut";
        /// Keeps something in the room of a call.
        CallPutRoom = "rtcRPut";
        /// Forgets something of oneself in a call.
        CallDeleteUser = "rtcUDel";
        /// Forgets something in the room of a call.
        CallDeleteRoom = "rtcRDel";
        /// Keeps data in a call.
        CallSetData = "rtcSetData";
        /// Data kept in a call.
        CallData = "rtcQryData";
        /// Forgets data in a call.
        CallDeleteData = "rtcDelData";
        /// Keeps data that outsiders see.
        CallSetOuterData = "rtcSetOutData";
        /// Data that outsiders see.
        CallOuterData = "rtcQryUserOutData";
        /// Reports how a call is.
        CallState = "rtcUserState";
    }
}

topics! {
    /// A PUBLISH of a server: it tells. Copies of own messages have the topic by which they were sent, [`Sending`].
    Telling {
        /// A message: `DownStreamMessage`.
        Message = "s_msg";
        /// There is something to pull: `NotifyMsg`.
        Notice = "s_ntf";
        /// How a user is: `GetUserStatusOutput`.
        UserStatus = "s_stat";
        /// Something about a chatroom or a setting changed: `ChrmNotifyMsg`.
        Changed = "s_cmd";
        /// The user's settings changed (later clients).
        UserSettings = "s_us";
    }
}

impl Sending {
    /// The kind of conversation it goes to; `None` for recalls, calls and what an agent says.
    pub const fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Private | Self::PassingPrivate => Kind::Private,
            Self::Discussion => Kind::Discussion,
            Self::Group | Self::PassingGroup => Kind::Group,
            Self::Chatroom | Self::PassingChatroom => Kind::Chatroom,
            Self::Service => Kind::Service,
            Self::System => Kind::System,
            Self::AppService => Kind::AppService,
            Self::PublicService => Kind::PublicService,
            Self::FromAgent | Self::Recall | Self::Call | Self::PassingCall => return None,
        })
    }

    /// Whether what is sent by it is not kept.
    pub const fn is_passing(self) -> bool {
        matches!(self, Self::PassingPrivate | Self::PassingGroup | Self::PassingChatroom)
    }

    /// The topic by which a client writes to a conversation of this kind.
    pub const fn to(kind: Kind) -> Self {
        match kind {
            Kind::Private => Self::Private,
            Kind::Discussion => Self::Discussion,
            Kind::Group => Self::Group,
            Kind::Chatroom => Self::Chatroom,
            Kind::Service => Self::Service,
            Kind::System => Self::System,
            Kind::AppService => Self::AppService,
            Kind::PublicService => Self::PublicService,
        }
    }
}

impl Asking {
    /// The kind of conversation whose history is read or thrown away. Accounts are asked for like users, and chatrooms
    /// like customer service: the server has to try.
    pub const fn history_kind(self) -> Option<Kind> {
        Some(match self {
            Self::HistoryPrivate | Self::ClearPrivate => Kind::Private,
            Self::HistoryDiscussion | Self::ClearDiscussion => Kind::Discussion,
            Self::HistoryGroup | Self::ClearGroup => Kind::Group,
            Self::HistoryService | Self::ClearService => Kind::Service,
            Self::HistorySystem | Self::ClearSystem => Kind::System,
            Self::HistoryChatroom => Kind::Chatroom,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    /// The topics of the protocol, in the order of its sections, written a second time so that a slip shows.
    const SENT: &str = "ppMsgP pdMsgP pgMsgP chatMsg pcMsgP  pmcMsgN pmpMsgN pcuMsgP recallMsg ppMsgS pgMsgS chatMsgS \
        prMsgP prMsgS";
    const ASKED: &str = "pullMsg chrmPull qryPMsg qryDMsg qryGMsg qryCMsg qrySMsg qryCHMsg delMsg cleanPMsg cleanDMsg \
        cleanGMsg cleanCMsg cleanSMsg qryRelation qryRelationR delRelation delSessions updRRTime qryPPush qryDPush \
        blkPPush unblkPPush blkDPush unblkDPush pullSeAtts setSeAtt joinChrm joinChrmR exitChrm queryChrmI setKV setKVS delKV \
        delKVS pullKV addBlack rmBlack getBlack blackStat qnTkn qnUrl getUserStatus setUserStatus subUserStatus pullUS \
        setOfflineMsgDur qryVoipK reportsdk rrMsg rrList crDiz invtDiz dizInf quitDiz evctDiz pdOpen rename pullMp \
        schMp mpFollow mcFollow mpUnFollow mcUnFollow rtcRJoin_data rtcRExit rtcPing rtcToken rtcUData rtcUList \
        rtcRInfo rtcUPut rtcRPut rtcUDel rtcRDel rtcSetData rtcQryData rtcDelData rtcSetOutData rtcQryUserOutData \
        rtcUserState";
    const TOLD: &str = "s_msg s_ntf s_stat s_cmd s_us";

    #[test]
    fn every_topic_has_its_name_both_ways() {
        let sent: Vec<_> = SENT.split(' ').collect();
        assert_eq!(Sending::ALL.iter().map(|topic| topic.name()).collect::<Vec<_>>(), sent);
        let asked: Vec<_> = ASKED.split_whitespace().collect();
        assert_eq!(Asking::ALL.iter().map(|topic| topic.name()).collect::<Vec<_>>(), asked);
        let told: Vec<_> = TOLD.split_whitespace().collect();
        assert_eq!(Telling::ALL.iter().map(|topic| topic.name()).collect::<Vec<_>>(), told);
        assert!(Sending::ALL.iter().all(|topic| Sending::from_name(topic.name()) == Some(*topic)));
        assert!(Asking::ALL.iter().all(|topic| Asking::from_name(topic.name()) == Some(*topic)));
        assert!(Telling::ALL.iter().all(|topic| Telling::from_name(topic.name()) == Some(*topic)));
    }

    #[test]
    fn no_name_means_two_things() {
        let names: Vec<_> = Sending::ALL
            .iter()
            .map(|topic| topic.name())
            .chain(Asking::ALL.iter().map(|topic| topic.name()))
            .chain(Telling::ALL.iter().map(|topic| topic.name()))
            .collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    }

    #[test]
    fn other_names_are_no_topics() {
        for name in ["ppmsgp", "ppMsg", "qrySessions", "userInf", "pullMsg ", "\0"] {
            assert_eq!(Asking::from_name(name), None, "{name}");
            assert_eq!(Sending::from_name(name), None, "{name}");
        }
    }

    #[test]
    fn every_kind_is_written_to_by_its_topic() {
        for kind in Kind::ALL {
            assert_eq!(Sending::to(kind).kind(), Some(kind));
        }
    }
}
