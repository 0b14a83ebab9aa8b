//! The agents' side: keyboard, races, the door.

use thirtyfour::Key;

use super::stage::{House, Name, journey};

#[tokio::test]
async fn a_day_at_the_desk_needs_no_pointer() {
    journey(async |stage| {
        let house = House::opens();
        let anna = stage.agent(&house).await;
        let (nora, sam) = (stage.visitor(&house).await, stage.visitor(&house).await);
        nora.opens_the_chat().await;
        nora.says("I am first").await;
        sam.opens_the_chat().await;
        sam.says("I am second").await;
        anna.looks_at("Waiting").await;
        anna.sees_row("I am second").await;
        anna.desk.sees("button", "Decline").await;

        anna.desk.presses("d").await;
        anna.desk.presses("d").await;
        anna.desk.sees_no("button", "Decline").await;
        anna.desk.presses("j").await;
        anna.sees("I am first").await;
        anna.desk.presses("j").await;
        anna.sees("I am second").await;
        anna.desk.presses("k").await;
        anna.sees("I am first").await;
        anna.desk.presses("a").await;
        anna.desk.has_focus_on("textbox", "Reply").await;
        anna.desk.presses(Key::Escape).await;
        anna.desk.presses("r").await;
        anna.desk.has_focus_on("textbox", "Reply").await;
        anna.desk.presses("Good morning").await;
        anna.desk.presses(Key::Enter).await;
        nora.sees("Good morning").await;

        anna.desk.presses(Key::Escape).await;
        anna.desk.presses("e").await;
        anna.desk.sees_no("textbox", "Reply").await;
        nora.chat.sees("radio", Name::starts("5 stars")).await;
        anna.desk.presses("?").await;
        anna.desk.sees("dialog", "Keyboard").await;
        anna.desk.presses(Key::Escape).await;
        anna.desk.sees_no("dialog", "Keyboard").await;
    })
    .await;
}

#[tokio::test]
async fn two_agents_reach_for_one_visitor_and_one_gets_them() {
    journey(async |stage| {
        let house = House::opens();
        let anna = stage.agent(&house).await;
        let jonas = stage.agent_named(&house, "Jonas Weber").await;
        jonas.signs_in().await;
        let visitor = stage.visitor(&house).await;
        visitor.opens_the_chat().await;
        visitor.says("Who is faster?").await;
        for agent in [&anna, &jonas] {
            agent.looks_at("Waiting").await;
            agent.opens("Who is faster?").await;
            agent.desk.sees("button", "Take").await;
        }
        tokio::join!(anna.reaches(), jonas.reaches());
        let (winner, loser, name) =
            if anna.has_it().await { (&anna, &jonas, "Anna Lindqvist") } else { (&jonas, &anna, "Jonas Weber") };
        winner.answers("I am").await;
        visitor.sees("I am").await;
        visitor.chat.sees("heading", name).await;
        loser.sees_text(name).await;
        loser.desk.sees_no("button", "Take").await;
        assert!(!loser.has_it().await, "one of them answers, not both");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_says_so_and_leaving_closes_the_door() {
    journey(async |stage| {
        // The browser writes down every refused request.
        stage.forgive(&["401 (Unauthorized)"]);
        let house = House::opens();
        let anna = stage.agent_named(&house, "Anna Lindqvist").await;
        anna.tries_to_sign_in("lamps-from-berlin-1974").await;
        anna.desk.sees_that("alert", Name::any(), |seen| seen.text == "E-mail and password do not match.").await;
        anna.signs_in().await;
        anna.signs_out().await;
        anna.desk.goes_to(&house.server.url("/console/inbox/mine")).await;
        anna.desk.sees("button", "Sign in").await;
    })
    .await;
}
