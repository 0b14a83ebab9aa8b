//! Customer service: waiting, taking, ending, rating, leaving a message.

use parlor::model::{
    Code, Content, Event,
    command::{AgentStatus, Target},
    conversation::View,
};
use serde_json::json;

use super::world::{World, code, field, names, stage};

#[tokio::test]
async fn a_first_message_waits_in_line_while_an_agent_is_online() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let sent = visitor.asks("Is anybody here?").await;
    assert_eq!(stage(&visitor.sees(sent.conversation).await), "queued");
    assert_eq!(anna.view(View::Waiting).await.len(), 1);
}

#[tokio::test]
async fn a_first_message_is_a_left_one_while_nobody_is_online() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let sent = visitor.asks("Is anybody here?").await;
    assert_eq!(stage(&visitor.sees(sent.conversation).await), "offline");
}

#[tokio::test]
async fn a_busy_agent_takes_no_new_visitors() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    anna.becomes(AgentStatus::Busy);
    let sent = visitor.asks("Hello?").await;
    assert_eq!(stage(&visitor.sees(sent.conversation).await), "offline");
}

#[tokio::test]
async fn a_left_message_joins_the_line_when_somebody_came_and_the_visitor_writes_again() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let sent = visitor.asks("Hello?").await;
    let _anna = world.agent("Anna").await;
    visitor.asks("Still there?").await;
    assert_eq!(stage(&visitor.sees(sent.conversation).await), "queued");
}

#[tokio::test]
async fn taking_a_conversation_tells_the_visitor_who_answers() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    world.hints();
    anna.accepts(id).await.unwrap();
    let heard = world.messages_to(&visitor);
    assert_eq!(names(&heard), ["RC:CsUpdate", "RC:InfoNtf"]);
    assert_eq!(field(&heard[0], "/serviceStatus"), json!("2"));
    assert_eq!(field(&heard[1], "/user/name"), json!("Anna"));
    assert_eq!(field(&heard[1], "/extra"), json!("joined"));
}

#[tokio::test]
async fn of_two_agents_who_take_at_once_exactly_one_gets_it() {
    let world = World::new().await;
    let (anna, ben, visitor) = (world.agent("Anna").await, world.agent("Ben").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    let (a, b) = tokio::join!(anna.accepts(id), ben.accepts(id));
    assert_eq!(usize::from(a.is_ok()) + usize::from(b.is_ok()), 1);
    let loser = if a.is_err() { a } else { b };
    assert_eq!(code(loser), Code::AlreadyTaken);
    assert_eq!(
        visitor.words(id).await,
        [
            "Hello?",
            if anna.view(View::Mine).await.is_empty() {
                "Ben joined the conversation"
            } else {
                "Anna joined the conversation"
            }
        ]
    );
}

#[tokio::test]
async fn taking_what_is_mine_already_changes_nothing() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    let before = visitor.words(id).await;
    assert_eq!(stage(&anna.accepts(id).await.unwrap()), "human");
    assert_eq!(visitor.words(id).await, before);
}

#[tokio::test]
async fn only_the_agent_who_has_it_may_answer() {
    let world = World::new().await;
    let (anna, ben, visitor) = (world.agent("Anna").await, world.agent("Ben").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    assert_eq!(code(anna.says(id, "Hi").await), Code::Forbidden);
    anna.accepts(id).await.unwrap();
    assert_eq!(code(ben.says(id, "Hi").await), Code::Forbidden);
    assert!(anna.says(id, "Hi").await.is_ok());
    assert_eq!(code(ben.ends(id).await), Code::Forbidden);
}

#[tokio::test]
async fn visitors_may_not_do_what_agents_do() {
    let world = World::new().await;
    let (_anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    assert_eq!(code(visitor.accepts(id).await), Code::Forbidden);
    assert_eq!(code(visitor.ends(id).await), Code::Forbidden);
}

#[tokio::test]
async fn the_end_is_told_and_closes_the_conversation() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    world.hints();
    assert_eq!(stage(&anna.ends(id).await.unwrap()), "ended");
    assert_eq!(names(&world.messages_to(&visitor)), ["RC:InfoNtf", "RC:CsEnd"]);
    assert_eq!(code(visitor.says(id, "One more thing").await), Code::ConversationClosed);
    assert_eq!(code(anna.says(id, "Bye").await), Code::ConversationClosed);
    assert!(anna.ends(id).await.is_ok(), "ending what has ended is no error");
}

#[tokio::test]
async fn after_the_end_the_next_message_begins_a_new_conversation() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let first = visitor.asks("Hello?").await.conversation;
    anna.accepts(first).await.unwrap();
    anna.ends(first).await.unwrap();
    let second = visitor.asks("Me again").await.conversation;
    assert_ne!(first, second);
    assert_eq!(visitor.words(second).await, ["Me again"]);
}

#[tokio::test]
async fn d2_a_retry_after_the_end_finds_its_first_result() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let first = visitor.send(Target::Desk, "once", Content::text("Hello?")).await.unwrap();
    anna.accepts(first.conversation).await.unwrap();
    anna.ends(first.conversation).await.unwrap();
    assert_eq!(visitor.send(Target::Desk, "once", Content::text("Hello?")).await.unwrap(), first);
    let other = visitor.send(Target::Desk, "once", Content::text("Something else")).await;
    assert_eq!(code(other), Code::ClientIdReused);
    let named = Target::Conversation(first.conversation);
    assert_eq!(visitor.send(named, "once", Content::text("Hello?")).await.unwrap(), first);
}

#[tokio::test]
async fn those_in_line_hear_when_they_move_up() {
    let world = World::new().await;
    let anna = world.agent("Anna").await;
    let (first, second, third) = (world.visitor().await, world.visitor().await, world.visitor().await);
    let a = first.asks("one").await.conversation;
    world.clock.advance_secs(1);
    second.asks("two").await;
    world.clock.advance_secs(1);
    let c = third.asks("three").await.conversation;
    assert_eq!(third.sees(c).await.service.unwrap().ahead, Some(2));
    world.hints();
    anna.accepts(a).await.unwrap();
    let told = world.hints().into_iter().any(|hint| {
        hint.audience.users == [third.id().clone()]
            && matches!(&hint.event, Event::Conversation(told) if told.service.as_ref().unwrap().ahead == Some(1))
    });
    assert!(told, "the third in line hears that one visitor is left before them");
}

#[tokio::test]
async fn the_visitor_may_end_it() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    visitor.signals("RC:CsSp", json!({ "sid": id })).await.unwrap();
    assert_eq!(stage(&anna.sees(id).await), "ended");
    assert_eq!(visitor.words(id).await.last().unwrap(), "The visitor ended the conversation");
}

#[tokio::test]
async fn an_old_sid_is_answered_and_ignored() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let old = visitor.asks("Hello?").await.conversation;
    anna.accepts(old).await.unwrap();
    anna.ends(old).await.unwrap();
    let new = visitor.asks("Again").await.conversation;
    visitor.signals("RC:CsSp", json!({ "sid": old })).await.unwrap();
    assert_eq!(stage(&visitor.sees(new).await), "queued");
}

#[tokio::test]
async fn the_handshake_is_answered_with_the_session() {
    let world = World::new().await;
    let (_anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    world.hints();
    let body = json!({
        "userInfo": { "nickName": "Nora" },
        "requestInfo": { "page": "https://halden.example/lamps?token=secret#x", "language": "en-GB" },
    });
    let sent = visitor.signals("RC:CsHs", body).await.unwrap();
    let heard = world.messages_to(&visitor);
    assert_eq!(names(&heard), ["RC:CsHsR"]);
    assert_eq!(field(&heard[0], "/data/sid"), json!(sent.conversation));
    assert_eq!(field(&heard[0], "/data/serviceType"), json!("2"));
    let service = visitor.sees(sent.conversation).await.service.unwrap();
    assert_eq!(service.context.page.as_deref(), Some("https://halden.example/lamps"));
    assert_eq!(visitor.sees(sent.conversation).await.visitor().unwrap().person.name, "Nora");
}

#[tokio::test]
async fn an_empty_handshake_works() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    world.hints();
    visitor.signals("RC:CsHs", json!({})).await.unwrap();
    assert_eq!(names(&world.messages_to(&visitor)), ["RC:CsHsR", "RC:CsUpdate", "RC:CsPLM"]);
}

#[tokio::test]
async fn asking_for_a_person_is_answered_by_where_it_stands() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let status = async |world: &World| {
        world.hints();
        visitor.signals("RC:CSCha", json!({})).await.unwrap();
        let heard = world.messages_to(&visitor);
        field(heard.iter().find(|m| m.content.name.as_str() == "RC:CsChaR").unwrap(), "/data/status")
    };
    assert_eq!(status(&world).await, json!(2), "nobody is online");
    let anna = world.agent("Anna").await;
    assert_eq!(status(&world).await, json!(1), "in line");
    let id = anna.view(View::Waiting).await[0].id;
    anna.accepts(id).await.unwrap();
    assert_eq!(status(&world).await, json!(4), "a person answers already");
}

#[tokio::test]
async fn a_rating_is_kept_and_a_later_one_replaces_it() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    anna.ends(id).await.unwrap();
    visitor.signals("RC:CsEva", json!({ "sid": id, "source": 3, "tag": "Slow answers", "type": 1 })).await.unwrap();
    visitor.signals("RC:CsEva", json!({ "sid": id, "source": 5, "suggest": "Thanks" })).await.unwrap();
    let rating = anna.sees(id).await.service.unwrap().rating.unwrap();
    assert_eq!((rating.stars, rating.text.as_str()), (5, "Thanks"));
    assert_eq!(code(visitor.signals("RC:CsEva", json!({ "sid": id, "source": 6 })).await), Code::BadRequest);
}

#[tokio::test]
async fn a_left_message_is_kept_confirmed_and_can_be_taken_later() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let form = json!({ "msg_content": "Call me", "msg_email": "nora@mail.example" });
    let id = visitor.signals("RC:CsLm", form).await.unwrap().conversation;
    assert_eq!(visitor.words(id).await, ["Call me", "We have your message"]);
    let anna = world.agent("Anna").await;
    assert_eq!(anna.view(View::Waiting).await[0].id, id);
    anna.accepts(id).await.unwrap();
    anna.says(id, "Here I am").await.unwrap();
    assert_eq!(visitor.words(id).await.last().unwrap(), "Here I am");
    assert_eq!(code(visitor.signals("RC:CsLm", json!({ "msg_content": " " })).await), Code::BadRequest);
}

#[tokio::test]
async fn a_visitor_cannot_speak_with_the_servers_voice() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    for name in ["RC:InfoNtf", "RC:CsEnd", "RC:CsHsR", "RC:CsChaR", "RC:CsUpdate", "RC:CsPLM"] {
        assert_eq!(code(visitor.signals(name, json!({ "message": "Anna joined" })).await), Code::Forbidden, "{name}");
    }
}

#[tokio::test]
async fn a_forgotten_conversation_ends_but_not_while_the_visitor_is_here() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    world.clock.advance_secs(25 * 3600);
    world.im.end_forgotten().await.unwrap();
    assert_eq!(stage(&anna.sees(id).await), "human", "the visitor still looks at it");
    visitor.goes();
    world.clock.advance_secs(60);
    world.im.end_forgotten().await.unwrap();
    assert_eq!(stage(&anna.sees(id).await), "ended");
}

#[tokio::test]
async fn a_left_message_is_never_forgotten() {
    let world = World::new().await;
    let visitor = world.visitor().await;
    let id = visitor.asks("Hello?").await.conversation;
    visitor.goes();
    world.clock.advance_secs(48 * 3600);
    world.im.end_forgotten().await.unwrap();
    let anna = world.agent("Anna").await;
    assert_eq!(stage(&anna.sees(id).await), "offline");
}

#[tokio::test]
async fn a_reload_does_not_close_the_desk() {
    let world = World::new().await;
    let anna = world.agent("Anna").await;
    anna.goes();
    world.clock.advance_secs(5);
    assert!(world.im.public_desk(&world.app).await.unwrap().online, "within the grace time");
    world.clock.advance_secs(6);
    assert!(!world.im.public_desk(&world.app).await.unwrap().online);
}

#[tokio::test]
async fn the_wait_clock_runs_from_the_first_unanswered_words() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    let id = visitor.asks("Hello?").await.conversation;
    anna.accepts(id).await.unwrap();
    anna.says(id, "Hi").await.unwrap();
    assert_eq!(anna.sees(id).await.service.unwrap().waiting_since, None);
    world.clock.advance_secs(10);
    let asked = visitor.says(id, "Can it be dimmed?").await.unwrap();
    world.clock.advance_secs(10);
    visitor.says(id, "The big one").await.unwrap();
    assert_eq!(anna.sees(id).await.service.unwrap().waiting_since, Some(asked.at));
}

#[tokio::test]
async fn agents_are_told_their_counts() {
    let world = World::new().await;
    let (anna, visitor) = (world.agent("Anna").await, world.visitor().await);
    visitor.asks("Hello?").await;
    world.hints();
    world.im.tell_changed_desks().await;
    let told = world.hints().into_iter().any(|hint| {
        hint.audience.users == [anna.id().clone()] && matches!(&hint.event, Event::Desk(desk) if desk.waiting == 1)
    });
    assert!(told);
}
