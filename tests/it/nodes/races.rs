//! Two people at two servers who do the same thing at the same moment: exactly one wins.

use serde_json::{Value, json};

use super::Nodes;
use crate::{client::Client, harness::People};

/// Rounds of a race that costs little.
const ROUNDS: usize = 50;
/// Rounds of the others.
const FEW: usize = 10;

/// Who does it at two nodes.
struct Racers {
    nodes: Nodes,
    here: People,
    there: People,
}

impl Racers {
    async fn meet() -> Self {
        let nodes = Nodes::start().await;
        let (here, there) = (People::of(&nodes.one).await, People::of(&nodes.two).await);
        Self { nodes, here, there }
    }

    /// Two devices of one user, one at each node.
    async fn twice(&self, user: &str) -> (Client, Client) {
        let hello = self.here.user_hello(user).await;
        (self.here.connect(hello.clone()).await, self.there.connect(hello).await)
    }
}

/// Both ask it now; first what won, then why the other lost.
async fn one_wins(one: &mut Client, two: &mut Client, cmd: &str, (mine, yours): (Value, Value)) -> (usize, Value) {
    let both = tokio::join!(one.ask(cmd, mine), two.ask(cmd, yours));
    match both {
        (Ok(_), Err(lost)) => (0, lost),
        (Err(lost), Ok(_)) => (1, lost),
        other => panic!("exactly one wins: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_racing_for_one_queue_entry_exactly_one_wins() {
    let racers = Racers::meet().await;
    let mut agents = [racers.here.agent("Anna").await, racers.there.agent("Ben").await];
    let mut visitor = racers.here.visitor().await;
    let mut won = [0, 0];
    for round in 0..ROUNDS {
        let sent = visitor.says(&format!("question {round}")).await;
        let conversation = json!({ "conversation": sent["conversation"] });
        let [anna, ben] = &mut agents;
        let (winner, lost) = one_wins(anna, ben, "accept", (conversation.clone(), conversation.clone())).await;
        assert_eq!(lost["code"], "already_taken", "{lost}");
        let names = ["Anna", "Ben"];
        assert!(lost["message"].as_str().unwrap().starts_with(names[winner]), "the winner is named: {lost}");
        for agent in &mut agents {
            let seen = agent.ask("conversation", conversation.clone()).await.unwrap();
            let agents: Vec<&Value> =
                seen["participants"].as_array().unwrap().iter().filter(|one| one["role"] == "agent").collect();
            assert_eq!(agents.len(), 1, "{seen}");
            assert_eq!(
                (&agents[0]["name"], &seen["service"]["stage"]["name"]),
                (&json!(names[winner]), &json!("human"))
            );
        }
        agents[winner].ask("end", conversation).await.unwrap();
        won[winner] += 1;
    }
    eprintln!("the queue: {won:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_racing_with_one_idempotent_send_keep_it_once() {
    let racers = Racers::meet().await;
    let (mut one, mut two) = racers.twice("alice").await;
    let mut bob = racers.there.user("bob").await;
    let mut conversation = Value::Null;
    for round in 1..=ROUNDS {
        let (id, text) = (format!("k{round}"), format!("once {round}"));
        let to = json!({ "user": "bob" });
        let both = tokio::join!(one.sends(to.clone(), &id, &text), two.sends(to, &id, &text));
        let (mine, yours) = (both.0.unwrap(), both.1.unwrap());
        assert_eq!((&mine["uid"], &mine["seq"]), (&yours["uid"], &yours["seq"]), "one message, acknowledged twice");
        assert_eq!(mine["seq"], round, "no place is left free");
        conversation = mine["conversation"].clone();
    }
    let page = bob.ask("history", json!({ "conversation": conversation, "limit": 100 })).await.unwrap();
    assert_eq!(page["messages"].as_array().unwrap().len(), ROUNDS);
    // Told in any order, once each.
    let mut heard: Vec<u64> = Vec::new();
    while heard.len() < ROUNDS {
        heard.push(bob.push("message").await["seq"].as_u64().unwrap());
    }
    heard.sort_unstable();
    assert_eq!(heard, (1..=ROUNDS as u64).collect::<Vec<_>>());
}

async fn group(founder: &mut Client, kind: &str, users: &[&str]) -> Value {
    let new = json!({ "kind": kind, "name": "Team", "users": users });
    json!({ "conversation": founder.ask("create_group", new).await.unwrap()["id"] })
}

fn with(conversation: &Value, more: &Value) -> Value {
    let mut body = conversation.clone();
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn members(who: &mut Client, conversation: &Value) -> usize {
    let seen = who.ask("conversation", conversation.clone()).await.unwrap();
    seen["participants"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_racing_to_put_out_a_member_or_end_a_group_exactly_one_wins() {
    let racers = Racers::meet().await;
    let (mut one, mut two) = racers.twice("alice").await;
    racers.here.user_hello("bob").await;
    for _ in 0..FEW {
        let group = group(&mut one, "group", &["bob"]).await;
        let kick = with(&group, &json!({ "user": "bob" }));
        let (_, lost) = one_wins(&mut one, &mut two, "group_kick", (kick.clone(), kick)).await;
        assert_eq!(lost["code"], "not_found", "{lost}");
        let (_, lost) = one_wins(&mut one, &mut two, "group_dismiss", (group.clone(), group.clone())).await;
        assert_eq!(lost["code"], "conversation_closed", "{lost}");
        let page = two.ask("history", with(&group, &json!({ "limit": 20 }))).await.unwrap();
        let notices: Vec<&str> = page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|one| one["content"]["operation"].as_str())
            .collect();
        assert_eq!(notices, ["Create", "Kicked", "Dismiss"], "each is told once");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_joins_while_another_node_ends_the_group_is_inside_before_it_or_outside() {
    let racers = Racers::meet().await;
    let mut alice = racers.here.user("alice").await;
    let mut bob = racers.there.user("bob").await;
    for _ in 0..FEW {
        let group = group(&mut alice, "group", &[]).await;
        let both = tokio::join!(alice.ask("group_dismiss", group.clone()), bob.ask("group_join", group.clone()));
        both.0.unwrap();
        let inside = match both.1 {
            Ok(_) => 2,
            Err(lost) => {
                assert_eq!(lost["code"], "conversation_closed", "{lost}");
                1
            }
        };
        assert_eq!(members(&mut alice, &group).await, inside);
        let refused = bob.ask("group_join", group.clone()).await;
        assert_eq!(refused.is_ok(), inside == 2, "whoever is inside is told so: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_racing_to_rename_leave_one_name_everywhere() {
    let racers = Racers::meet().await;
    let (mut alice, mut bob) = (racers.here.user("alice").await, racers.there.user("bob").await);
    let group = group(&mut alice, "discussion", &["bob"]).await;
    for round in 0..FEW {
        let (a, b) = (format!("A{round}"), format!("B{round}"));
        let both = tokio::join!(
            alice.ask("group_rename", with(&group, &json!({ "name": a }))),
            bob.ask("group_rename", with(&group, &json!({ "name": b }))),
        );
        both.0.unwrap();
        both.1.unwrap();
        let here = alice.ask("conversation", group.clone()).await.unwrap()["group"]["name"].clone();
        let there = bob.ask("conversation", group.clone()).await.unwrap()["group"]["name"].clone();
        assert_eq!(here, there);
        assert!(here == a || here == b, "{here}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_racing_for_the_last_place_in_a_group_exactly_one_wins() {
    use sqlx::Connection;
    let racers = Racers::meet().await;
    let founder = racers.here.user_hello("alice").await;
    for user in ["bob", "cara"] {
        racers.here.user_hello(user).await;
    }
    let mut alice = racers.here.connect(founder).await;
    let group = group(&mut alice, "group", &[]).await;
    // All others but one, behind the nodes' backs: nobody has looked at the group's members since.
    let mut behind = racers.nodes.database.behind().await;
    sqlx::raw_sql(
        "insert into users (app_id, key, name, role, created_at, changed_at)
          select app_id, 'crowd' || n, 'Crowd', role, created_at, changed_at
          from users, generate_series(1, 2998) n where key = 'alice';
        insert into participants (conversation_id, user_id, joined_at)
          select c.id, u.id, 0 from conversations c, users u where c.kind = 3 and u.key like 'crowd%'",
    )
    .execute(&mut behind)
    .await
    .unwrap();
    behind.close().await.unwrap();
    alice.ask("group_rename", with(&group, &json!({ "name": "Full" }))).await.unwrap();
    let (mut bob, mut cara) = (racers.here.user("bob").await, racers.there.user("cara").await);
    for _ in 0..FEW {
        let (winner, lost) = one_wins(&mut bob, &mut cara, "group_join", (group.clone(), group.clone())).await;
        assert_eq!(lost["code"], "group_full", "{lost}");
        let inside = if winner == 0 { &mut bob } else { &mut cara };
        inside.ask("group_quit", group.clone()).await.unwrap();
    }
}
