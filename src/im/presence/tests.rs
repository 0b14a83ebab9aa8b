//! Two nodes that tell each other, without a bus between.

use super::{elsewhere::Learned, *};

const A: NodeId = NodeId(1);
const B: NodeId = NodeId(2);

const fn at(secs: i64) -> Millis {
    Millis::new(1_800_000_000_000).plus_secs(secs)
}

fn node(me: NodeId, other: NodeId) -> Presence {
    let presence = Presence::new(10, Some(me));
    presence.node_missed(other);
    presence
}

fn caller(id: &str, role: Role) -> Caller {
    let person = Person { id: id.parse().unwrap(), name: id.to_owned(), role, portrait: None };
    Caller { app: "app1".parse().unwrap(), person, site: None }
}

fn is_here(presence: &Presence, caller: &Caller, now: Millis) -> bool {
    presence.is_here(&caller.app, caller.id(), now)
}

/// What a node tells of its people when it is asked.
fn everybody(presence: &Presence) -> Vec<PersonNews> {
    presence.people().iter().filter_map(|key| presence.news_of(key)).collect()
}

#[test]
fn who_came_to_one_node_is_here_on_the_other_and_only_the_first_tells() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    let joined = a.join(&ann, Transport::WebSocket, false, at(0));
    assert!(joined.came.is_some());
    assert!(b.learn(A, &joined.news.unwrap(), at(0)).change.is_some(), "watchers on the other node hear of it");
    assert!(is_here(&b, &ann, at(0)));
    let again = b.join(&ann, Transport::WebSocket, false, at(1));
    assert!(again.came.is_none(), "she was here already");
}

#[test]
fn moving_from_node_to_node_is_neither_going_nor_coming() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    b.learn(A, &a.join(&ann, Transport::WebSocket, false, at(0)).news.unwrap(), at(0));
    b.learn(A, &a.leave(&ann, at(5)).unwrap(), at(5));
    let joined = b.join(&ann, Transport::WebSocket, false, at(8));
    assert!(joined.came.is_none());
    a.learn(B, &joined.news.unwrap(), at(8));
    assert!(a.expire(at(100)).is_empty() && b.expire(at(100)).is_empty());
    assert!(is_here(&a, &ann, at(100)));
}

#[test]
fn exactly_one_node_tells_that_somebody_has_gone() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    b.learn(A, &a.join(&ann, Transport::WebSocket, false, at(0)).news.unwrap(), at(0));
    a.learn(B, &b.join(&ann, Transport::WebSocket, false, at(1)).news.unwrap(), at(1));
    b.learn(A, &a.leave(&ann, at(2)).unwrap(), at(2));
    a.learn(B, &b.leave(&ann, at(3)).unwrap(), at(3));
    assert!(a.expire(at(13)).is_empty(), "the node that she left last tells");
    let told = b.expire(at(13));
    assert_eq!(told.iter().map(|left| left.telling).collect::<Vec<_>>(), [true]);
    let learned = a.learn(B, told[0].news.as_ref().unwrap(), at(13));
    assert!(learned.change.is_some_and(|change| !change.online), "watchers on the other node hear of it");
    assert!(a.expire(at(100)).is_empty() && !is_here(&a, &ann, at(13)));
}

#[test]
fn people_of_a_dead_node_go_after_their_grace_time_and_the_lowest_tells() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::Agent));
    let c = NodeId(3);
    let news = node(c, A).join(&ann, Transport::WebSocket, false, at(0)).news.unwrap();
    for node in [&a, &b] {
        node.node_missed(c);
        node.learn(c, &news, at(0));
        assert_eq!(node.agents_online(&ann.app, at(1)).len(), 1);
        assert_eq!(node.node_gone(c, at(2)).len(), 1, "the app's desk may look different");
    }
    assert_eq!(a.expire(at(12)).iter().filter(|left| left.telling).count(), 1);
    assert!(b.expire(at(12)).is_empty());
}

#[test]
fn old_news_and_news_that_come_twice_change_nothing() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    let came = a.join(&ann, Transport::WebSocket, false, at(0)).news.unwrap();
    let went = a.leave(&ann, at(1)).unwrap();
    b.learn(A, &came, at(1));
    b.learn(A, &went, at(1));
    assert_eq!(b.learn(A, &came, at(2)), Learned::default());
    assert_eq!(b.learn(A, &went, at(9)), Learned::default());
    assert!(is_here(&b, &ann, at(10)) && !is_here(&b, &ann, at(11)), "the grace time begins once");
}

#[test]
fn of_two_devices_on_two_nodes_the_later_one_stays() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    let first = a.join(&ann, Transport::WebSocket, true, at(0)).news.unwrap();
    b.learn(A, &first, at(0));
    let second = b.join(&ann, Transport::WebSocket, true, at(1)).news.unwrap();
    assert!(a.learn(B, &second, at(1)).taken_over);
    assert!(!b.learn(A, &first, at(2)).taken_over, "an old one takes nothing over");
}

#[test]
fn of_two_devices_that_came_unheard_one_stays() {
    // The second knew of the first, or did not.
    for knew in [true, false] {
        let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
        let first = a.join(&ann, Transport::WebSocket, true, at(0)).news.unwrap();
        if knew {
            b.learn(A, &first, at(0));
        }
        b.join(&ann, Transport::WebSocket, true, at(1));
        let (of_a, of_b) = (everybody(&a), everybody(&b));
        assert!(a.learn(B, &of_b[0], at(2)).taken_over, "the first goes, known: {knew}");
        assert!(!b.learn(A, &of_a[0], at(2)).taken_over, "the second stays, known: {knew}");
    }
}

#[test]
fn a_device_that_is_going_takes_nothing_over_with_a_number_that_is_not_its_own() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    b.learn(A, &a.join(&ann, Transport::WebSocket, true, at(0)).news.unwrap(), at(0));
    let second = b.join(&ann, Transport::WebSocket, true, at(1)).news.unwrap();
    assert!(a.learn(B, &second, at(1)).taken_over);
    // A third node of which the first does not know that it has a later device yet.
    let c = node(NodeId(0), A);
    c.node_missed(B);
    c.learn(B, &second, at(1));
    let going = everybody(&a);
    assert!(!c.learn(A, &going[0], at(2)).taken_over);
}

#[test]
fn who_is_not_named_in_a_nodes_whole_list_is_not_there() {
    let (a, b) = (node(A, B), node(B, A));
    let (ann, bob) = (caller("ann", Role::User), caller("bob", Role::User));
    for one in [&ann, &bob] {
        b.learn(A, &a.join(one, Transport::WebSocket, false, at(0)).news.unwrap(), at(0));
    }
    let named = HashSet::from([(ann.app.clone(), ann.id().clone())]);
    let gone = b.learn_all(A, a.turns(), &named, at(1));
    assert_eq!(gone.iter().map(|(_, person, _)| person.id.as_str()).collect::<Vec<_>>(), ["bob"]);
    assert!(is_here(&b, &ann, at(1)) && !is_here(&b, &bob, at(1)));
}

#[test]
fn late_news_of_a_node_that_is_gone_bring_nobody_back() {
    let (a, b, ann) = (node(A, B), node(B, A), caller("ann", Role::User));
    let came = a.join(&ann, Transport::WebSocket, false, at(0)).news.unwrap();
    b.node_gone(A, at(1));
    assert_eq!(b.learn(A, &came, at(2)), Learned::default());
    assert!(!is_here(&b, &ann, at(2)));
    b.node_missed(A);
    assert!(b.learn(A, &came, at(3)).change.is_some(), "it is heard of again");
    b.node_gone(A, at(4));
    let again = a.leave(&ann, at(5)).unwrap();
    assert_eq!(b.learn(A, &again, at(6)), Learned::default());
    assert_eq!(b.expire(at(14)).len(), 1, "and its people go when their time is over");
}
