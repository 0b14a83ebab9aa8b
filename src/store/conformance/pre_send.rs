//! Pre-send hooks.

use super::{House, Store, at};
use crate::{
    model::{Kind, pre_send::PreSend},
    store::outbox::SealedSecrets,
};

pub(crate) async fn an_app_has_one_pre_send_hook(store: &dyn Store) {
    let (house, other) = (House::new(store).await, House::named(store, "other").await);
    assert_eq!(store.pre_send(&house.app).await.unwrap(), None);
    let hook = |url: &str| PreSend {
        form: crate::model::webhook::Form::Compatible,
        url: url.to_owned(),
        timeout_millis: 500,
        pass_without_answer: false,
        kinds: vec![Kind::Private],
    };
    let secrets = |byte| SealedSecrets { current: vec![byte], old: Some((vec![byte, byte], at(9))) };
    store.set_pre_send(&house.app, hook("https://one.example/"), secrets(1)).await.unwrap();
    store.set_pre_send(&house.app, hook("https://two.example/"), secrets(2)).await.unwrap();
    assert_eq!(store.pre_send(&house.app).await.unwrap(), Some((hook("https://two.example/"), secrets(2))));
    assert_eq!(store.pre_send(&other.app).await.unwrap(), None);
    assert!(!store.remove_pre_send(&other.app).await.unwrap());
    assert!(store.remove_pre_send(&house.app).await.unwrap());
    assert_eq!(store.pre_send(&house.app).await.unwrap(), None);
}
