//! Nodes of two successive versions on one database and one bus, while they are replaced one by one.

use std::{
    collections::BTreeSet,
    ffi::{OsStr, OsString},
};

use serde_json::{Value, json};
use sqlx::Row;

use super::{
    NODES,
    crowd::Crowd,
    node::{Cluster, Node, THIS},
    turn,
};
use crate::{
    client::Client,
    harness::People,
    hooks::receiver::{Received, Receiver},
};

/// The program of the version before, which `scripts/faults versions` builds.
fn version_before() -> OsString {
    std::env::var_os("PARLOR_OLD").expect("PARLOR_OLD names the program of the version before")
}

/// Of these the app's back end hears, once for each pair of nodes.
const TOLD: [&str; 4] = ["message.recalled", "conversation.started", "conversation.assigned", "conversation.ended"];

async fn replace(node: &mut Node, program: impl AsRef<OsStr>) {
    assert_eq!(node.stop().await, 0, "a stop in order ends in order");
    program.as_ref().clone_into(&mut node.program);
    node.start().await;
}

async fn schema(cluster: &Cluster) -> i64 {
    cluster.database.ask("select version from parlor_schema").await.unwrap().get(0)
}

async fn enter(node: &Node, hello: Value) -> Client {
    Client::connect(node.address().parse().unwrap(), hello).await.0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a second program; scripts/faults versions builds it"]
async fn nodes_of_two_versions_run_together_while_they_are_replaced() {
    let _turn = turn().await;
    let old = version_before();
    let receiver = Receiver::start().await;
    let mut cluster = Cluster::of_version(&old, NODES, receiver.port()).await;
    cluster.tell(&receiver, &TOLD.join(","));
    let before = schema(&cluster).await;
    let crowd = Crowd::gather(&cluster).await;
    let mut people: Option<People> = None;
    // Forth, one of them back again, and forth for good.
    let programs = [(0, THIS.into()), (1, THIS.into()), (0, old), (0, THIS.into()), (2, THIS.into())];
    let steps = programs.len();
    for (step, (number, program)) in programs.into_iter().enumerate() {
        crowd.write(40).await;
        replace(&mut cluster.nodes[number], program).await;
        crowd.healed().await;
        if people.is_none() {
            people = Some(cluster.people().await);
        }
        let people = people.as_ref().expect("made above");
        // Each with its neighbours, whichever version they have.
        for (here, there) in [(0, 1), (1, 2), (2, 0)] {
            let pair = Pair { people, nodes: [&cluster.nodes[here], &cluster.nodes[there]] };
            pair.talks(&format!("{step}{here}{there}")).await;
        }
    }
    eprintln!("schema {before}, then {}", schema(&cluster).await);
    crowd.write(40).await;
    crowd.check("two versions").await;
    is_told_of_each_pair(&receiver, steps * NODES).await;
}

/// Notices of two versions come to the receiver, each under a place of its own in one row, whoever delivers them.
async fn is_told_of_each_pair(receiver: &Receiver, pairs: usize) {
    let places = |received: &[Received]| received.iter().map(Received::sequence).collect::<BTreeSet<_>>();
    let of = |topic: &str, received: &[Received]| {
        let of_topic = received.iter().filter(|one| one.body["topic"] == topic);
        of_topic.map(|one| one.id.clone()).collect::<BTreeSet<_>>().len()
    };
    let all = |received: &[Received]| {
        let known = places(received);
        TOLD.iter().all(|topic| of(topic, received) >= pairs) && known.last() == Some(&(known.len() as u64))
    };
    let received = receiver.until(all).await;
    for topic in TOLD {
        assert_eq!(of(topic, &received), pairs, "{topic}");
    }
}

/// Two nodes, and what people do who are at one of them each.
struct Pair<'a> {
    people: &'a People,
    nodes: [&'a Node; 2],
}

impl Pair<'_> {
    async fn talks(&self, name: &str) {
        self.at_the_desk(name).await;
        let hellos =
            [self.people.user_hello(&format!("ann{name}")).await, self.people.user_hello(&format!("bob{name}")).await];
        let [ann, bob] = hellos;
        let (mut ann, mut bob) = (enter(self.nodes[0], ann).await, enter(self.nodes[1], bob).await);
        in_a_pair(&mut ann, &mut bob, name).await;
        in_a_group(&mut ann, &mut bob, name).await;
        in_a_chatroom(&mut ann, &mut bob, name).await;
    }

    /// A visitor and an agent find each other.
    async fn at_the_desk(&self, name: &str) {
        let mut agent = enter(self.nodes[0], self.people.agent_hello(&format!("agent{name}")).await).await;
        let mut visitor = enter(self.nodes[1], self.people.visitor_hello().await).await;
        let sent = visitor.says(&format!("question {name}")).await;
        agent.sees(&format!("question {name}")).await;
        let conversation = json!({ "conversation": sent["conversation"] });
        agent.ask("accept", conversation.clone()).await.unwrap();
        visitor.sees_stage("human").await;
        let answer = agent.writes(&sent["conversation"], "answer").await;
        visitor.sees("answer").await;
        let read = json!({ "conversation": sent["conversation"], "read": answer["seq"] });
        visitor.ask("receipt", read).await.unwrap();
        agent.push_where("receipt", |receipt| receipt["read"] == answer["seq"]).await;
        agent.ask("end", conversation).await.unwrap();
        visitor.sees_stage("ended").await;
    }
}

/// Two people write, read and take back.
async fn in_a_pair(ann: &mut Client, bob: &mut Client, name: &str) {
    let sent = ann.sends(json!({ "user": format!("bob{name}") }), "k1", "hello").await.unwrap();
    bob.sees("hello").await;
    let read = json!({ "conversation": sent["conversation"], "read": 1 });
    bob.ask("receipt", read).await.unwrap();
    ann.push_where("receipt", |receipt| receipt["read"] == 1).await;
    bob.writes(&sent["conversation"], "yes?").await;
    ann.sees("yes?").await;
    ann.ask("recall", json!({ "uid": sent["uid"] })).await.unwrap();
    assert_eq!(bob.push("recalled").await["uid"], sent["uid"]);
}

/// One makes a group and decides who may write there.
async fn in_a_group(ann: &mut Client, bob: &mut Client, name: &str) {
    let bobs = format!("bob{name}");
    let new = json!({ "kind": "group", "name": "Team", "users": [bobs] });
    let id = ann.ask("create_group", new).await.unwrap()["id"].take();
    let group = json!({ "conversation": id });
    bob.push_where("conversation", |seen| seen["id"] == id).await;
    bob.sends(group.clone(), "g1", "in the group").await.unwrap();
    ann.sees("in the group").await;
    ann.ask("group_silence", json!({ "conversation": id, "user": bobs, "on": true })).await.unwrap();
    let refused = bob.sends(group, "g2", "may I?").await.unwrap_err();
    assert_eq!(refused["code"], "silenced", "at once: {refused}");
}

/// Both are in a room, and one keeps something there.
async fn in_a_chatroom(ann: &mut Client, bob: &mut Client, name: &str) {
    let room = json!({ "chatroom": format!("room{name}") });
    ann.ask("chatroom_join", room.clone()).await.unwrap();
    bob.ask("chatroom_join", room.clone()).await.unwrap();
    ann.sends(room.clone(), "r1", "in the room").await.unwrap();
    bob.sees("in the room").await;
    bob.sends(room.clone(), "r2", "you, too").await.unwrap();
    ann.sees("you, too").await;
    let seat = json!({ "chatroom": room["chatroom"], "attributes": { "seat": "1" } });
    bob.ask("chatroom_attributes_set", seat).await.unwrap();
    ann.push("attributes").await;
    bob.ask("chatroom_quit", room.clone()).await.unwrap();
    ann.ask("chatroom_quit", room).await.unwrap();
}
