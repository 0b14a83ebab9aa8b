//! `parlor migrate`: a product that ran on the embedded store goes on with PostgreSQL.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::{Value, json};

use crate::{
    client::Client,
    harness::{Answer, BackEnd, People, TestServer},
    postgres::database::Database,
};

fn command(from: &Path, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parlor"));
    command.env_clear().env("PARLOR_STORE_URL", to).current_dir(std::env::temp_dir());
    command.args(["migrate", "--from", &format!("sqlite:{}", from.display())]);
    command
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn moves(from: &Path, to: &str) -> (bool, String) {
    let output = command(from, to).output().unwrap();
    (output.status.success(), said(&output))
}

/// Kills a move, hard, when it says that this table is there.
fn killed_after(table: &str, from: &Path, to: &str) {
    let mut child = command(from, to).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let found = lines.map_while(Result::ok).any(|line| line.split_whitespace().nth(1) == Some(table));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found, "{table}");
}

/// A server with people, their conversations, and what their back end made.
struct Product {
    server: TestServer,
    back_end: BackEnd,
    /// A visitor and an agent, as they come back.
    hellos: (Value, Value),
    conversation: Value,
    sent: Value,
}

impl Product {
    async fn on_the_embedded_store() -> Self {
        let server = TestServer::start();
        let people = People::of(&server).await;
        let back_end = BackEnd::of(&server, &people.im, &people.site.app).await;
        let (visitor, agent) = (people.visitor_hello().await, people.agent_hello("Anna").await);
        let mut anna = people.connect(agent.clone()).await;
        let mut vera = people.connect(visitor.clone()).await;
        let sent = vera.sends(json!({ "desk": true }), "v1", "is my Lampe\tready?\n\\N 订单").await.unwrap();
        let conversation = sent["conversation"].clone();
        anna.ask("accept", json!({ "conversation": conversation })).await.unwrap();
        anna.writes(&conversation, "tomorrow").await;
        let mut nora = people.user("nora").await;
        let _olaf = people.user("olaf").await;
        for number in 0..15 {
            nora.sends(json!({ "user": "olaf" }), &format!("n{number}"), &format!("line {number}")).await.unwrap();
        }
        let group = json!({ "id": "team", "name": "Team", "users": ["nora", "olaf"] });
        back_end.post("/v1/groups", &group).await.ok();
        back_end.put("/v1/chatrooms/lobby", &json!({ "name": "The lobby", "idle_secs": 600 })).await.ok();
        back_end.post("/v1/moderation/words", &json!({ "words": [{ "word": "heck" }] })).await;
        let hook = json!({ "url": "https://hooks.example/parlor", "topics": ["message.sent"] });
        back_end.post("/v1/webhooks", &hook).await;
        let file = back_end.request("POST", "/v1/files?from=nora&name=a.txt").header("content-type", "text/plain");
        Answer::of(file.body("a small file").send().await.unwrap()).await.ok();
        Self { server, back_end, hellos: (visitor, agent), conversation, sent }
    }

    /// What the back end sees of everything.
    async fn seen(&self) -> Vec<Value> {
        let conversation = self.conversation.as_str().unwrap();
        let messages = format!("/v1/conversations/{conversation}/messages");
        let mut seen = Vec::new();
        for address in [
            messages.as_str(),
            "/v1/app",
            "/v1/users/nora",
            "/v1/groups/team",
            "/v1/chatrooms/lobby",
            "/v1/moderation/words",
            "/v1/webhooks",
            "/v1/keys",
            "/v1/search?query=lampe",
            "/v1/search?query=%E8%AE%A2%E5%8D%95",
            "/v1/search?query=line&limit=50",
        ] {
            // The index of the embedded store follows its messages; what a webhook made of them is another matter.
            let answer = loop {
                let answer = self.back_end.get(address).await.ok();
                if answer["partial"] != true {
                    break answer;
                }
            };
            let hooks = answer["items"].as_array().into_iter().flatten().map(|hook| &hook["id"]).collect::<Vec<_>>();
            seen.push(if address.ends_with("webhooks") { json!(hooks) } else { json!({ address: answer }) });
        }
        seen
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_product_moves_and_goes_on_though_the_move_is_killed_again_and_again() {
    let mut product = Product::on_the_embedded_store().await;
    let database = Database::make().await;
    let (url, data) = (database.url(), product.server.data().to_owned());
    let (went, text) = moves(&data, &url);
    assert!(!went && text.contains("stop it first"), "a running server has the folder: {text}");
    let before = product.seen().await;
    product.server.stop();

    for table in ["apps", "users", "participants", "messages", "files"] {
        killed_after(table, &data, &url);
    }
    let halfway = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .env_clear()
        .env("PARLOR_STORE_URL", &url)
        .current_dir(&data)
        .args(["app", "list"])
        .output()
        .unwrap();
    assert!(!halfway.status.success() && said(&halfway).contains("only a part"), "{}", said(&halfway));
    let (went, text) = moves(&data, &url);
    assert!(went && text.contains("Everything is there"), "{text}");
    let (went, text) = moves(&data, &url);
    assert!(went && text.contains("moved before"), "{text}");

    product.server.restart_with(|config| config.store.url = url.as_str().into());
    assert_eq!(product.seen().await, before);
    let (mut visitor, agent) = product.hellos.clone();
    visitor["since"] = json!([{ "conversation": product.conversation, "epoch": 1, "seq": 1 }]);
    let (mut vera, welcome) = Client::connect(product.server.address(), visitor).await;
    let found = &welcome["conversations"][0];
    assert_eq!((&found["id"], &found["service"]["stage"]["name"]), (&product.conversation, &json!("human")), "{found}");
    let (mut anna, _) = Client::connect(product.server.address(), agent).await;
    let people = People::of(&product.server).await;
    let (_, token) =
        people.im.sign_in("anna@shop.example", "a long and winding road".to_owned(), "test").await.unwrap();
    assert!(!token.reveal().is_empty(), "Anna's password is the same");
    let next = vera.writes(&product.conversation, "fine").await;
    anna.sees("fine").await;
    assert!(next["seq"].as_u64() > product.sent["seq"].as_u64() && next["uid"].as_str() > product.sent["uid"].as_str());

    let mut nora = people.user("nora").await;
    let again = nora.sends(json!({ "user": "olaf" }), "n7", "line 7").await.unwrap();
    let other = nora.sends(json!({ "user": "olaf" }), "n15", "line 15").await.unwrap();
    assert!(again["seq"].as_u64() < other["seq"].as_u64(), "a retry has its first result: {again} {other}");
    let refused = nora.sends(json!({ "user": "olaf" }), "n7", "something else").await.unwrap_err();
    assert_eq!(refused["code"], "client_id_reused", "{refused}");
    let group = json!({ "id": "second", "name": "Second", "users": ["nora", "olaf"] });
    product.back_end.post("/v1/groups", &group).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_row_is_found_and_other_data_is_left_alone() {
    let mut product = Product::on_the_embedded_store().await;
    product.server.stop();
    let data = product.server.data().to_owned();
    let database = Database::make().await;
    killed_after("participants", &data, &database.url());
    sqlx::raw_sql("update users set name = name || '!' where key = 'nora'")
        .execute(&mut database.behind().await)
        .await
        .unwrap();
    let (went, text) = moves(&data, &database.url());
    assert!(!went && text.contains("of users is not the same"), "{text}");

    let taken = Database::make().await;
    let made = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .env_clear()
        .env("PARLOR_STORE_URL", taken.url())
        .current_dir(&data)
        .args(["app", "add", "Somebody else"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", said(&made));
    let (went, text) = moves(&data, &taken.url());
    assert!(!went && text.contains("holds other data"), "{text}");
    let (went, text) = moves(&data.join("nothing"), &taken.url());
    assert!(!went && text.contains("no database"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_the_target_is_in_the_way_only_while_it_runs() {
    let mut product = Product::on_the_embedded_store().await;
    product.server.stop();
    let data = product.server.data().to_owned();
    let database = Database::make().await;
    // What a first start without the demo leaves behind: tables and a code, and no app.
    let listed = Command::new(env!("CARGO_BIN_EXE_parlor"))
        .env_clear()
        .env("PARLOR_STORE_URL", database.url())
        .current_dir(&data)
        .args(["app", "list"])
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", said(&listed));
    let mut behind = database.behind().await;
    let code = "insert into setup_codes (id, code, expires_at) values (1, decode(repeat('00', 32), 'hex'), 1)";
    sqlx::raw_sql(code).execute(&mut behind).await.unwrap();
    let lock = "hashtextextended('parlor server ' || current_schema(), 0)";
    let hold = format!("select pg_advisory_lock_shared({lock})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold)).execute(&mut behind).await.unwrap();
    let (went, text) = moves(&data, &database.url());
    assert!(!went && text.contains("a server uses"), "{text}");
    let release = format!("select pg_advisory_unlock_shared({lock})");
    sqlx::raw_sql(sqlx::AssertSqlSafe(release)).execute(&mut behind).await.unwrap();
    let (went, text) = moves(&data, &database.url());
    assert!(went, "{text}");
}
