//! Nobody is in: no dead end.

use super::stage::{House, journey};

#[tokio::test]
async fn a_left_message_waits_until_somebody_is_in() {
    journey(async |stage| {
        let house = House::opens();
        let visitor = stage.visitor(&house).await;
        visitor.opens_the_chat().await;
        visitor.sees_text("Nobody is in right now").await;
        visitor.chat.fills("textbox", "Message", "The glass is in two pieces").await;
        visitor.chat.clicks("button", "Send message").await;
        visitor.chat.sees_that("textbox", "E-mail", |seen| seen.state("invalid") == "true").await;
        visitor.chat.fills("textbox", "E-mail", "nora@mail.example").await;
        visitor.chat.clicks("button", "Send message").await;
        visitor.chat.sees("heading", "We have your message").await;
        visitor.sees_text("nora@mail.example").await;

        let anna = stage.agent(&house).await;
        anna.looks_at("Waiting").await;
        anna.opens("left a message").await;
        anna.sees("The glass is in two pieces").await;
        anna.sees("nora@mail.example").await;
        anna.desk.clicks("button", "Take").await;
        anna.answers("A new one leaves today").await;
        visitor.comes_back().await;
        visitor.sees("A new one leaves today").await;
    })
    .await;
}
