//! Bad lines: nothing is lost, nothing is doubled, the order stays.

use super::stage::{House, Line, journey};

/// What a browser's log says while there is nobody to talk to.
const NOBODY_THERE: [&str; 4] = ["net::ERR_", "WebSocket", "Failed to load resource", "WebDriver"];

#[tokio::test]
async fn a_restart_of_the_server_loses_and_doubles_nothing() {
    journey(async |stage| {
        stage.forgive(&NOBODY_THERE);
        let mut house = House::opens();
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("Before").await;
        anna.takes("Before").await;
        anna.answers("Before too").await;
        visitor.sees("Before too").await;

        house.server.stop();
        visitor.says("While nobody listens").await;
        anna.answers("And me as well").await;
        house.server.restart();

        visitor.sees_state("While nobody listens", "Read").await;
        anna.sees("While nobody listens").await;
        visitor.sees("And me as well").await;
        visitor.says("After").await;
        anna.sees("After").await;
        assert_eq!(visitor.messages().await.len(), 5);
        let mut seen = visitor.messages().await;
        seen.sort();
        assert_eq!(seen, ["After", "And me as well", "Before", "Before too", "While nobody listens"]);
        let order: Vec<String> = visitor.messages().await;
        anna.sees_exactly(&order.iter().map(String::as_str).collect::<Vec<_>>()).await;
        visitor.comes_back().await;
        visitor.sees_exactly(&order.iter().map(String::as_str).collect::<Vec<_>>()).await;
    })
    .await;
}

#[tokio::test]
async fn what_is_written_offline_is_sent_once_and_in_order() {
    journey(async |stage| {
        stage.forgive(&NOBODY_THERE);
        let line = Line::lay();
        let house = House::opens_behind(&line);
        let visitor = stage.visitor(&house).await;
        let anna = stage.agent(&house).await;
        visitor.opens_the_chat().await;
        visitor.says("On the platform").await;
        anna.takes("On the platform").await;

        visitor.goes_offline().await;
        line.cut();
        for text in ["In the tunnel", "Still in it", "Light ahead"] {
            visitor.says(text).await;
        }
        visitor.sees_text("3 waiting").await;
        visitor.sees_text("You are offline. We send these when you are back.").await;

        line.mend();
        visitor.goes_online().await;
        visitor.sees_state("Light ahead", "Read").await;
        let all = ["On the platform", "In the tunnel", "Still in it", "Light ahead"];
        visitor.sees_exactly(&all).await;
        anna.sees_exactly(&all).await;
    })
    .await;
}

#[tokio::test]
async fn a_line_that_breaks_without_a_word_mends_by_itself() {
    journey(async |stage| {
        stage.forgive(&NOBODY_THERE);
        let line = Line::lay();
        let house = House::opens_behind(&line);
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("Hello").await;
        anna.takes("Hello").await;
        line.cut();
        visitor.says("Is this on?").await;
        anna.answers("One moment").await;
        anna.sees_pill("Connection lost").await;
        line.mend();
        visitor.sees_state("Is this on?", "Read").await;
        visitor.sees("One moment").await;
        anna.sees_state("One moment", "Read").await;
        assert_eq!(visitor.messages().await.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn what_waits_survives_a_reload() {
    journey(async |stage| {
        stage.forgive(&NOBODY_THERE);
        let line = Line::lay();
        let house = House::opens_behind(&line);
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("Before the tunnel").await;
        anna.takes("Before the tunnel").await;
        line.cut();
        visitor.says("Written in the tunnel").await;
        // The page comes back without its chat, and only the next time with it.
        visitor.page.reloads().await;
        line.mend();
        visitor.comes_back().await;
        let all = ["Before the tunnel", "Written in the tunnel"];
        visitor.sees_exactly(&all).await;
        anna.sees_exactly(&all).await;
        visitor.sees_state("Written in the tunnel", "Read").await;
    })
    .await;
}

#[tokio::test]
async fn a_proxy_that_knows_no_websocket_is_no_obstacle() {
    journey(async |stage| {
        stage.forgive(&NOBODY_THERE);
        let line = Line::lay();
        line.strips_upgrade();
        let house = House::opens_behind(&line);
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("Through the keyhole").await;
        anna.takes("Through the keyhole").await;
        anna.begins_to_write("It works").await;
        visitor.sees_text("is typing").await;
        anna.answers(" anyway").await;
        visitor.sees("It works anyway").await;
        anna.sees_state("It works anyway", "Read").await;
        visitor.says("So it does").await;
        let all = ["Through the keyhole", "It works anyway", "So it does"];
        anna.sees_exactly(&all).await;
        visitor.sees_exactly(&all).await;
    })
    .await;
}
