//! What chatrooms answer. Source: compatible protocol, "Chat rooms".

use crate::{
    model::{
        Message,
        chatroom::{Attribute, Attributes, ChatroomInfo},
    },
    proto::rong::{ChrmKvEntity, ChrmKvOutput, ChrmMember, DownStreamMessages, QueryChatroomInfoOutput},
    wire::rong::{answer::is_there, ask::ChatroomPull, down::Reader},
};

/// Bit of an attribute's status: it goes with its setter.
const AUTO_DELETE: i32 = 1;

/// Of the latest messages of a room, oldest first, those that a client does not have. Its own ones are among them, with
/// their direction, by which it knows them.
pub fn chatroom_messages(latest: &[Message], pull: &ChatroomPull, reader: &Reader<'_>) -> DownStreamMessages {
    let is_new = |message: &&Message| message.at > pull.after && is_there(message);
    let new = latest.iter().filter(is_new).map(|message| reader.message(message));
    let newest = latest.last().map_or(pull.after, |message| message.at.max(pull.after));
    DownStreamMessages { list: new.collect(), sync_time: newest.get(), finished: Some(true), broadcast_sync_time: None }
}

/// How many are in a room, and some of them.
pub fn chatroom_info(info: &ChatroomInfo) -> QueryChatroomInfoOutput {
    let member = |member: &crate::model::chatroom::ChatroomMember| ChrmMember {
        time: member.joined_at.get(),
        id: member.person.id.to_string(),
    };
    QueryChatroomInfoOutput {
        user_total_nums: Some(i32::try_from(info.room.count).unwrap_or(i32::MAX)),
        user_infos: info.members.iter().map(member).collect(),
    }
}

/// Every attribute of a room.
pub fn attributes(found: &Attributes) -> ChrmKvOutput {
    let entry = |attribute: &Attribute| ChrmKvEntity {
        key: attribute.key.to_string(),
        value: attribute.value.clone(),
        status: attribute.auto_delete.then_some(AUTO_DELETE),
        timestamp: Some(attribute.at.get()),
        uid: Some(attribute.by.to_string()),
    };
    ChrmKvOutput {
        entries: found.list.iter().map(entry).collect(),
        b_full_update: Some(true),
        sync_time: found.list.iter().map(|attribute| attribute.at.get()).max(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            Content, ConversationId, Kind, Millis, UserId,
            chatroom::{ChatroomMember, ChatroomView},
        },
        wire::rong::{dialect::Dialect, down::tests::said, place::Place},
    };

    #[test]
    fn check_48_a_chatroom_gives_what_is_new_oldest_first_and_own_messages_with_their_direction() {
        let latest: Vec<_> = [("ann", 5), ("bob", 6), ("cy", 7)]
            .into_iter()
            .map(|(from, at)| said(from, at, Content::text("hi")))
            .collect();
        let (user, place) = ("bob".parse::<UserId>().unwrap(), Place::new(Kind::Chatroom, "r1").unwrap());
        let reader = Reader { user: &user, place: &place, dialect: Dialect::of_socket("2.5.3") };
        let pulled = |after, latest: &[Message]| {
            let pull = ChatroomPull { room: "r1".parse().unwrap(), after: Millis::new(after), most: 50 };
            let answer = chatroom_messages(latest, &pull, &reader);
            assert_eq!(answer.finished, Some(true));
            let seen: Vec<_> = answer.list.iter().map(|message| (message.data_time, message.direction)).collect();
            (seen, answer.sync_time)
        };
        assert_eq!(pulled(0, &latest), (vec![(5, Some(2)), (6, Some(1)), (7, Some(2))], 7));
        assert_eq!(pulled(5, &latest), (vec![(6, Some(1)), (7, Some(2))], 7));
        assert_eq!(pulled(9, &latest), (vec![], 9));
        assert_eq!(pulled(3, &[]), (vec![], 3));
    }

    #[test]
    fn check_51_a_room_says_how_many_are_inside_and_since_when() {
        let room = ChatroomView {
            id: ConversationId::from_u128(1),
            handle: "r1".parse().unwrap(),
            name: String::new(),
            count: 9,
            created_at: Millis::new(1),
        };
        let person = said("ann", 1, Content::text("hi")).from;
        let info = ChatroomInfo { room, members: vec![ChatroomMember { person, joined_at: Millis::new(4) }] };
        let answer = chatroom_info(&info);
        assert_eq!(answer.user_total_nums, Some(9));
        assert_eq!(answer.user_infos, [ChrmMember { time: 4, id: "ann".into() }]);
    }

    #[test]
    fn check_53_attributes_are_all_there_and_say_so() {
        let list = vec![Attribute {
            key: "k".parse().unwrap(),
            value: String::new(),
            by: "ann".parse().unwrap(),
            auto_delete: true,
            at: Millis::new(7),
        }];
        let answer = attributes(&Attributes { version: 3, list });
        assert_eq!((answer.b_full_update, answer.sync_time), (Some(true), Some(7)));
        let entry = &answer.entries[0];
        assert_eq!((entry.value.as_str(), entry.status, entry.uid.as_deref()), ("", Some(1), Some("ann")));
        assert_eq!(attributes(&Attributes::default()).b_full_update, Some(true));
    }
}
