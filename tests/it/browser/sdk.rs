//! Clients of the published SDK (`@rongcloud/imlib-v4`), as their pages use it, against this server.
//!
//! The journeys themselves are in `tests/sdk/journeys.js`; here are the server, the app's back end and, where one is
//! needed, an agent at the console. The SDK is a tool of the tests and is never shipped.

mod web;

use std::{cell::RefCell, fs, path::Path};

use parlor::model::Features;
use serde_json::{Value, json};

use self::web::Web;
use super::stage::{House, Stage, Tab, journey, until};
use crate::harness::{BackEnd, People};

/// Whoever plays.
const USERS: [&str; 3] = ["alice", "bob", "carol"];

/// How the SDK connects.
const SOCKET: &str = "websocket";
const POLLING: &str = "comet";

/// A page that plays a journey.
struct Play {
    tab: Tab,
    // Serves the page as long as the journey lasts.
    _web: Web,
}

impl Play {
    async fn begin(stage: &Stage, house: &House, name: &str, transport: &str) -> Self {
        let people = People::of(&house.server).await;
        let back_end = BackEnd::of(&house.server, &people.im, &people.app()).await;
        let mut tokens = serde_json::Map::new();
        for user in USERS {
            tokens.insert(user.to_owned(), people.user_hello(user).await["token"].clone());
        }
        let setup = json!({
            "appkey": people.app(),
            "navigator": house.server.url(""),
            "transport": transport,
            "tokens": tokens,
            "site": people.site.key,
        });
        let web = Web::start(house.server.address(), &back_end.key, &setup);
        let tab = Tab::first(stage.browser("clients").await).await;
        tab.goes_to(&format!("{}/?journey={name}", web.origin())).await;
        Self { tab, _web: web }
    }

    /// Waits until the page says how it ended.
    async fn ends_well(&self) {
        let last = RefCell::new(Value::Null);
        // A journey has its own deadlines and several steps: as long as it goes on it is not late.
        let outcome = loop {
            let ended = until("a further step of the journey", async || {
                let now = self.tab.ask("return [window.outcome ?? null, window.troupe?.steps ?? []]", []).await;
                let now = now.map_err(|error| error.to_string())?;
                if now[0].is_object() {
                    return Ok(Some(now[0].clone()));
                }
                if *last.borrow() == now[1] {
                    return Err(now.to_string());
                }
                *last.borrow_mut() = now[1].clone();
                Ok(None)
            })
            .await;
            if let Some(outcome) = ended {
                break outcome;
            }
        };
        assert_eq!(
            outcome["well"],
            true,
            "{}\nafter {}",
            outcome["why"].as_str().unwrap_or_default(),
            outcome["steps"]
        );
    }
}

/// A server whose users may write as fast as a page does.
fn house() -> House {
    House::opens_with(|config| {
        config.limits.visitor_sends_per_sec = 1000;
        config.limits.visitor_send_burst = 1000;
    })
}

async fn plays(name: &'static str, transport: &'static str) {
    journey(async |stage| {
        // Refusals that a journey asks for are failed requests to a browser.
        stage.forgive(&["Failed to load resource"]);
        let house = house();
        Play::begin(stage, &house, name, transport).await.ends_well().await;
    })
    .await;
}

macro_rules! journeys {
    ($($name:ident)*) => {
        /// Journeys that need nobody but the clients and a back end.
        const PLAYED: &[&str] = &[$(stringify!($name),)*];

        $(
            #[tokio::test]
            async fn $name() {
                plays(stringify!($name), SOCKET).await;
            }
        )*

        /// The same without a socket.
        mod polling {
            $(
                #[tokio::test]
                async fn $name() {
                    super::plays(stringify!($name), super::POLLING).await;
                }
            )*
        }
    };
}

journeys! {
    connects_and_a_wrong_token_does_not
    two_users_write_to_each_other
    every_kind_of_conversation
    what_was_missed_comes_by_the_first_pull
    history_goes_in_pages
    lists_and_unread_counts
    pins_and_mutes
    a_message_is_taken_back
    what_was_taken_back_while_away_is_told
    receipts_in_private
    receipts_in_a_group
    several_devices_know_the_same
    what_one_device_read_counts_nowhere
    a_chatroom_is_joined_and_left
    a_chatroom_has_attributes
    a_chatroom_has_no_history_unless_the_app_keeps_it
    typing_is_told
    deleting_and_clearing_for_oneself
    refusals_have_their_numbers
}

async fn another_device_ends(transport: &'static str) {
    journey(async |stage| {
        let house = house();
        let people = People::of(&house.server).await;
        let one_at_a_time = Features { multi_device: false, ..Features::default() };
        people.im.backend(&people.app()).set_features(one_at_a_time).await.unwrap();
        Play::begin(stage, &house, "another_device_ends_the_first", transport).await.ends_well().await;
    })
    .await;
}

#[tokio::test]
async fn another_device_ends_the_first() {
    another_device_ends(SOCKET).await;
}

#[tokio::test]
async fn another_device_ends_the_first_that_polls() {
    another_device_ends(POLLING).await;
}

#[tokio::test]
async fn an_agent_at_the_console_answers() {
    journey(async |stage| {
        let house = house();
        let agent = stage.agent(&house).await;
        let play = Play::begin(stage, &house, "an_agent_at_the_console_answers", SOCKET).await;
        agent.takes("Is anybody there?").await;
        agent.answers("Yes, I am").await;
        agent.sees("Thank you").await;
        agent.ends().await;
        play.ends_well().await;
    })
    .await;
}

/// Every journey of the file is played by a test.
#[test]
fn every_journey_of_clients_is_played() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/journeys.js");
    let text = fs::read_to_string(file).unwrap();
    let mut written: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("  async ")?.split('(').next()).collect();
    let mut played = PLAYED.to_vec();
    played.extend(["another_device_ends_the_first", "an_agent_at_the_console_answers"]);
    written.sort_unstable();
    played.sort_unstable();
    assert_eq!(written, played);
}
