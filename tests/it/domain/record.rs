//! The record of who changed what, when the server stops in the middle of a change.

use parlor::{
    im::backend::record::Done,
    model::{Code, Fault},
};

use super::world::World;

const CHANGE: Done<'_> =
    Done { who: "key:keyone", what: "changeApp", target: "before", address: "192.0.2.1", request_id: "r1" };

#[tokio::test]
async fn l2_a_change_that_was_begun_is_never_missing_in_the_record() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let record = async || backend.audit(None, 9).await.unwrap();
    // The server dies after the change and before anything else.
    let dies = backend.recorded(CHANGE, std::future::pending::<Result<(), Fault>>(), |()| None);
    let dying = tokio::time::timeout(std::time::Duration::from_millis(200), dies).await;
    assert!(dying.is_err() && record().await.is_empty());
    // One in which nobody can say what happened.
    let broken = std::future::ready(Err::<(), _>(Fault::new(Code::Unavailable, "the store does not answer")));
    backend.recorded(Done { request_id: "r2", ..CHANGE }, broken, |()| None).await.unwrap_err();
    world.im.write_down_unsure().await.unwrap();
    assert!(record().await.is_empty(), "it may still be at work");
    world.clock.advance_secs(61);
    world.im.write_down_unsure().await.unwrap();
    let entries = record().await;
    let shown: Vec<_> = entries.iter().map(|it| (it.request_id.as_str(), it.target.as_str(), it.unsure)).collect();
    assert_eq!(shown, [("r2", "before", true), ("r1", "before", true)]);
}

#[tokio::test]
async fn l2_what_was_refused_is_not_in_the_record_and_what_was_made_is_named() {
    let world = World::new().await;
    let backend = world.im.backend(&world.app);
    let refused = std::future::ready(Err::<(), _>(Fault::new(Code::NotFound, "no such thing")));
    backend.recorded(CHANGE, refused, |()| None).await.unwrap_err();
    let made = std::future::ready(Ok("after"));
    backend.recorded(CHANGE, made, |made| Some((*made).to_owned())).await.unwrap();
    world.clock.advance_secs(3600);
    world.im.write_down_unsure().await.unwrap();
    let entries = backend.audit(None, 9).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!((entries[0].target.as_str(), entries[0].unsure), ("after", false));
}
