//! Set-up, sign-in and tokens.

use parlor::{
    auth::Token,
    im::accounts::{AGENT_IDLE_SECS, NewAgent},
    model::{Code, Role},
};

use super::world::{World, code};

fn ada() -> NewAgent {
    NewAgent {
        app: None,
        email: " Ada@Halden.example ".to_owned(),
        name: "Ada Lindqvist".to_owned(),
        password: "a lamp on the table".to_owned(),
    }
}

#[tokio::test]
async fn o5_the_setup_code_makes_the_first_agent_once() {
    let world = World::new().await;
    let printed = world.im.begin_setup().await.unwrap().unwrap().reveal();
    assert_eq!(code(world.im.check_setup_code("AAAA-AAAA", "n").await), Code::WrongCode);
    world.im.check_setup_code(&printed.to_lowercase(), "n").await.unwrap();
    let (caller, token) = world.im.set_up(&printed, "n", ada()).await.unwrap();
    assert_eq!(caller.person.role, Role::Agent);
    assert_eq!(world.im.authenticate(&token).await.unwrap().unwrap().caller, caller);
    assert_eq!(code(world.im.set_up(&printed, "n", ada()).await), Code::WrongCode);
    assert!(world.im.begin_setup().await.unwrap().is_none());
}

#[tokio::test]
async fn o5_a_setup_code_expires() {
    let world = World::new().await;
    let printed = world.im.begin_setup().await.unwrap().unwrap().reveal();
    world.clock.advance_secs(3601);
    assert_eq!(code(world.im.check_setup_code(&printed, "n").await), Code::WrongCode);
}

#[tokio::test]
async fn a_refused_setup_does_not_use_up_the_code() {
    let world = World::new().await;
    let printed = world.im.begin_setup().await.unwrap().unwrap().reveal();
    let weak = NewAgent { password: "short".to_owned(), ..ada() };
    assert_eq!(code(world.im.set_up(&printed, "n", weak).await), Code::WeakPassword);
    assert!(world.im.set_up(&printed, "n", ada()).await.is_ok());
}

#[tokio::test]
async fn an_agent_signs_in_with_the_right_password_only() {
    let world = World::new().await;
    world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await.unwrap();
    let sign_in = |email: &'static str, password: &str| world.im.sign_in(email, password.to_owned(), "n");
    assert!(sign_in("ada@halden.example", "a lamp on the table").await.is_ok());
    assert!(sign_in("ADA@halden.example ", "a lamp on the table").await.is_ok());
    assert_eq!(code(sign_in("ada@halden.example", "a lamp on the chair").await), Code::WrongLogin);
    assert_eq!(code(sign_in("nobody@halden.example", "a lamp on the table").await), Code::WrongLogin);
}

#[tokio::test]
async fn o2_wrong_passwords_are_throttled_per_account() {
    let world = World::new().await;
    world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await.unwrap();
    for _ in 0..10 {
        let wrong = world.im.sign_in("ada@halden.example", "wrong wrong wrong".to_owned(), "n").await;
        assert_eq!(code(wrong), Code::WrongLogin);
    }
    let right = world.im.sign_in("ada@halden.example", "a lamp on the table".to_owned(), "n").await;
    assert_eq!(code(right), Code::RateLimited);
}

#[tokio::test]
async fn two_agents_cannot_share_an_email() {
    let world = World::new().await;
    world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await.unwrap();
    let again = world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await;
    assert_eq!(code(again), Code::AlreadyExists);
}

#[tokio::test]
async fn v2_a_visitors_token_is_good_on_its_site_only() {
    let world = World::new().await;
    let (caller, token) = world.im.mint_visitor(&world.site).await.unwrap();
    let found = world.im.authenticate_visitor(&token, &world.site.key).await.unwrap().unwrap();
    assert_eq!(found.caller, caller);
    let elsewhere = "elsewhere2345678".parse().unwrap();
    assert!(world.im.authenticate_visitor(&token, &elsewhere).await.unwrap().is_none());
    let made_up = Token::presented(&"a".repeat(43)).unwrap();
    assert!(world.im.authenticate(&made_up).await.unwrap().is_none());
}

#[tokio::test]
async fn tokens_live_on_while_they_are_used() {
    let world = World::new().await;
    let (_, token) = world.im.mint_visitor(&world.site).await.unwrap();
    for _ in 0..3 {
        world.clock.advance_secs(20 * 24 * 3600);
        assert!(world.im.authenticate(&token).await.unwrap().is_some());
    }
    world.clock.advance_secs(31 * 24 * 3600);
    assert!(world.im.authenticate(&token).await.unwrap().is_none());
}

#[tokio::test]
async fn o3_an_agents_login_ends_after_seven_days_at_most() {
    let world = World::new().await;
    world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await.unwrap();
    let (_, token) = world.im.sign_in("ada@halden.example", "a lamp on the table".to_owned(), "n").await.unwrap();
    let mut hours = 0;
    while world.im.authenticate(&token).await.unwrap().is_some() {
        world.clock.advance_secs(AGENT_IDLE_SECS / 2);
        hours += AGENT_IDLE_SECS / 2 / 3600;
        assert!(hours <= 7 * 24 + 6, "it never ends");
    }
    assert!(hours >= 7 * 24 - 6, "it ended after {hours} hours though it was used");
}

#[tokio::test]
async fn signing_out_ends_the_login() {
    let world = World::new().await;
    world.im.create_agent(NewAgent { app: Some(world.app.clone()), ..ada() }).await.unwrap();
    let (_, token) = world.im.sign_in("ada@halden.example", "a lamp on the table".to_owned(), "n").await.unwrap();
    let signed_in = world.im.authenticate(&token).await.unwrap().unwrap();
    world.im.sign_out(&signed_in).await.unwrap();
    assert!(world.im.authenticate(&token).await.unwrap().is_none());
}
