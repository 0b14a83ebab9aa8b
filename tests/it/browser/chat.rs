//! The main job: a visitor asks, an agent answers, whatever happens in between.

use thirtyfour::Key;

use super::stage::{House, Name, journey};

#[tokio::test]
async fn a_newcomer_sets_up_and_answers_the_first_visitor() {
    journey(async |stage| {
        let house = House::opens();
        let anna = stage.newcomer(&house).await;
        anna.sets_up(&house.setup_code(), "Anna Lindqvist").await;
        anna.sees_status("Online").await;

        let visitor = stage.visitor(&house).await;
        visitor.opens_the_chat().await;
        visitor.chat.sees("heading", Name::has("How can we help?")).await;
        visitor.sees_text("Anna Lindqvist is here").await;

        anna.looks_at("Waiting").await;
        anna.desk.looks_away().await;
        visitor.says("Does the Arc dim?").await;
        visitor.sees_state("Does the Arc dim?", "Sent").await;
        anna.sees_title_mark(1).await;
        anna.desk.looks_back().await;
        anna.sees_title_mark(0).await;
        anna.sees_row("Does the Arc dim?").await;
        anna.desk.sees("region", "Ringing").await;
        anna.desk.sees_that("link", Name::starts("Waiting"), |seen| seen.name == "Waiting 1").await;

        anna.takes("Does the Arc dim?").await;
        visitor.chat.sees("heading", "Anna Lindqvist").await;
        visitor.sees_state("Does the Arc dim?", "Read").await;
        anna.begins_to_write("Down to one").await;
        visitor.chat.sees("status", Name::any()).await;
        visitor.sees_text("Anna Lindqvist is typing").await;
        anna.answers(" percent").await;
        visitor.sees("Down to one percent").await;
        anna.sees_state("Down to one percent", "Read").await;

        visitor.chat.types("textbox", "Message", "Good").await;
        anna.sees_typing().await;
        visitor.chat.presses(" to know").await;
        visitor.chat.presses(Key::Enter).await;
        visitor.sees_own("Good to know").await;
        anna.sees("Good to know").await;

        anna.ends().await;
        visitor.rates(4).await;
        visitor.chat.clicks("button", "Send rating").await;
        visitor.chat.sees("heading", Name::starts("Thank you")).await;
        anna.looks_at("Closed").await;
        anna.opens("You ended the conversation").await;
        anna.sees("Good to know").await;
        anna.desk.sees("img", "4 stars of 5").await;

        visitor.chat.clicks("button", "New conversation").await;
        visitor.says("One more thing").await;
        visitor.sees_exactly(&["One more thing"]).await;
        anna.looks_at("Waiting").await;
        anna.sees_row("One more thing").await;
    })
    .await;
}

#[tokio::test]
async fn a_reload_on_either_side_keeps_everything_in_order() {
    journey(async |stage| {
        let house = House::opens();
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("First question").await;
        anna.takes("First question").await;
        anna.answers("First answer").await;
        visitor.sees("First answer").await;

        visitor.comes_back().await;
        visitor.sees_exactly(&["First question", "First answer"]).await;
        visitor.says("Second question").await;
        anna.sees("Second question").await;

        anna.desk.reloads().await;
        let so_far = ["First question", "First answer", "Second question"];
        anna.sees_exactly(&so_far).await;
        anna.answers("Second answer").await;
        visitor.sees("Second answer").await;

        let all = ["First question", "First answer", "Second question", "Second answer"];
        visitor.sees_exactly(&all).await;
        anna.sees_exactly(&all).await;
        visitor.comes_back().await;
        visitor.sees_exactly(&all).await;
    })
    .await;
}

#[tokio::test]
async fn two_tabs_of_a_visitor_are_one_conversation() {
    journey(async |stage| {
        let house = House::opens();
        let (anna, first) = (stage.agent(&house).await, stage.visitor(&house).await);
        first.opens_the_chat().await;
        first.says("From the first tab").await;
        let second = first.second_tab().await;
        second.opens_the_chat().await;
        second.sees_own("From the first tab").await;

        anna.takes("From the first tab").await;
        second.says("From the second tab").await;
        first.sees_own("From the second tab").await;
        anna.answers("To both").await;
        let all = ["From the first tab", "From the second tab", "To both"];
        first.sees_exactly(&all).await;
        second.sees_exactly(&all).await;
        anna.sees_exactly(&all).await;
    })
    .await;
}

#[tokio::test]
async fn two_windows_of_an_agent_show_the_same() {
    journey(async |stage| {
        let house = House::opens();
        let (first, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        let second = first.second_tab().await;
        visitor.opens_the_chat().await;
        visitor.says("Which one answers?").await;
        first.looks_at("Waiting").await;
        first.sees_row("Which one answers?").await;
        second.looks_at("Waiting").await;
        second.sees_row("Which one answers?").await;

        first.takes("Which one answers?").await;
        first.answers("The left one").await;
        second.looks_at("Mine").await;
        second.opens("The left one").await;
        second.answers("And the right one").await;
        let all = ["Which one answers?", "The left one", "And the right one"];
        first.sees_exactly(&all).await;
        second.sees_exactly(&all).await;
        visitor.sees_exactly(&all).await;
    })
    .await;
}

#[tokio::test]
async fn a_visitor_may_end_it_and_begin_anew() {
    journey(async |stage| {
        let house = House::opens();
        let (anna, visitor) = (stage.agent(&house).await, stage.visitor(&house).await);
        visitor.opens_the_chat().await;
        visitor.says("Found it already").await;
        anna.takes("Found it already").await;
        visitor.chat.sees("heading", "Anna Lindqvist").await;
        visitor.ends_the_chat().await;
        visitor.rates(5).await;
        visitor.chat.sees("heading", Name::starts("Thank you")).await;
        anna.desk.sees_no("textbox", "Reply").await;
        anna.desk.sees("img", "5 stars of 5").await;
        visitor.chat.clicks("button", "New conversation").await;
        visitor.says("Something else").await;
        visitor.comes_back().await;
        visitor.sees_exactly(&["Something else"]).await;
        visitor.chat.clicks("button", "Back to start").await;
        visitor.chat.clicks("button", Name::starts("Anna Lindqvist")).await;
        visitor.sees_exactly(&["Found it already"]).await;
        visitor.chat.sees("button", "New conversation").await;
    })
    .await;
}
