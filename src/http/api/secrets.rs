//! The secrets with which back ends sign in the older form of the compatible server API.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    answer::{Created, Done, Listing},
    call::Call,
    input::At,
    operation::{Operation, Tag},
};
use crate::model::{AppSecret, Code, Fault, Millis, Scope, SecretId};

pub(super) fn operations() -> Vec<Operation> {
    let of = |operation: Operation| operation.of(Tag::App).needs(Scope::App);
    vec![
        of(Operation::get("/v1/secrets", list)).named("listSecrets").says("The app's shared secrets, oldest first"),
        of(Operation::post("/v1/secrets", create))
            .named("createSecret")
            .says("Makes a shared secret")
            .explains(
                "For code written for the compatible server API: the App Key is the app's `key`, the App Secret is `secret`, \
                 shown this once. An app has at most two, so that one can take the other's place; both open the API, the \
                 older one signs callbacks.",
            )
            .fails(&[Code::LimitReached])
            .audited(),
        of(Operation::delete("/v1/secrets/{secret}", remove))
            .named("removeSecret")
            .says("Removes a shared secret, at once")
            .audited(),
    ]
}

/// A shared secret.
#[derive(Serialize, ToSchema)]
struct SecretView {
    id: SecretId,
    created_at: Millis,
}

/// A shared secret, with its text for once.
#[derive(Serialize, ToSchema)]
struct MadeSecret {
    /// The App Secret: 52 letters and digits.
    secret: String,
    #[serde(flatten)]
    view: SecretView,
}

impl From<AppSecret> for SecretView {
    fn from(AppSecret { id, created_at }: AppSecret) -> Self {
        Self { id, created_at }
    }
}

async fn list(call: Call, (): ()) -> Result<Listing<SecretView>, Fault> {
    Ok(Listing::whole(call.backend().secrets().await?))
}

async fn create(call: Call, (): ()) -> Result<Created<MadeSecret>, Fault> {
    let (secret, text) = call.backend().add_secret().await?;
    let made = MadeSecret { secret: text.reveal().to_owned(), view: secret.into() };
    Ok(Created::at(format!("/v1/secrets/{}", made.view.id), made))
}

async fn remove(call: Call, At(id): At<SecretId>) -> Result<Done, Fault> {
    call.backend().remove_secret(&id).await?;
    Ok(Done)
}
