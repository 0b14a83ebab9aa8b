//! Keys and signed words by which NATS knows its users when it holds no passwords: an operator vouches for an account, and
//! the account for a user, who proves with a key of their own who they are.

use data_encoding::BASE64URL_NOPAD;
use nkeys::KeyPair;
use serde_json::{Value, json};

/// Nobody is held to a limit.
const UNLIMITED: i64 = -1;

/// An operator with one account and one user in it.
pub(super) struct Keys {
    operator: KeyPair,
    account: KeyPair,
    user: KeyPair,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self { operator: KeyPair::new_operator(), account: KeyPair::new_account(), user: KeyPair::new_user() }
    }

    /// What a server has in its settings that trusts this operator.
    pub(super) fn settings(&self) -> String {
        let operator = vouch(&self.operator, &self.operator, &json!({ "type": "operator", "version": 2 }));
        let limits = ["subs", "data", "payload", "imports", "exports", "conn", "leaf"];
        let mut limits: Value = limits.iter().map(|name| ((*name).to_owned(), json!(UNLIMITED))).collect();
        limits["wildcards"] = json!(true);
        let account =
            vouch(&self.operator, &self.account, &json!({ "type": "account", "version": 2, "limits": limits }));
        let preload = format!("{}: {account}", self.account.public_key());
        format!("operator: {operator}\nresolver: MEMORY\nresolver_preload: {{ {preload} }}")
    }

    /// The user's file.
    pub(super) fn credentials(&self) -> String {
        let user = json!({
            "type": "user", "version": 2, "subs": UNLIMITED, "data": UNLIMITED, "payload": UNLIMITED,
        });
        let (words, seed) = (vouch(&self.account, &self.user, &user), self.user.seed().unwrap());
        format!(
            "-----BEGIN NATS USER JWT-----\n{words}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        )
    }
}

/// Words that `by` signs about whom.
fn vouch(by: &KeyPair, whom: &KeyPair, nats: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let (iss, sub) = (by.public_key(), whom.public_key());
    let claims = json!({ "jti": sub, "iat": 1, "iss": iss, "sub": sub, "name": "test", "nats": nats });
    let words = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ed25519-nkey" })), part(&claims));
    let signature = BASE64URL_NOPAD.encode(&by.sign(words.as_bytes()).unwrap());
    format!("{words}.{signature}")
}
