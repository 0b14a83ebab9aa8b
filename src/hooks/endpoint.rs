//! What is under way to each receiver, and how it does.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

use super::schedule::BREAKS_AFTER;
use crate::{
    model::{WebhookId, webhook::Outcome},
    store::outbox::Endpoint,
};

/// Requests of one app that may be under way to its webhooks together. The rest of its places is for the pre-send hook.
const PLACES_OF_APP: usize = 10;

/// Receivers with something under way. Others are forgotten: what is known of them stands in the outbox.
#[derive(Debug, Default)]
pub(super) struct Endpoints(Mutex<HashMap<WebhookId, State>>);

#[derive(Debug)]
struct State {
    under_way: BTreeSet<u64>,
    failures: u32,
}

/// One request under way, as its receiver stood when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Begun {
    /// The breaker was open: this one request finds out whether it can close.
    pub(super) probe: bool,
}

impl Endpoints {
    /// What is under way to a receiver now.
    pub(super) fn under_way(&self, webhook: &WebhookId) -> BTreeSet<u64> {
        self.lock().get(webhook).map(|state| state.under_way.clone()).unwrap_or_default()
    }

    /// How many requests may be under way to a receiver: its share of the app's places, one while its breaker is open.
    pub(super) fn share(&self, endpoint: &Endpoint) -> usize {
        let failures = self.lock().get(&endpoint.webhook).map_or(endpoint.failures, |state| state.failures);
        if failures >= BREAKS_AFTER {
            return 1;
        }
        let siblings = usize::try_from(endpoint.siblings).unwrap_or(PLACES_OF_APP);
        (PLACES_OF_APP / siblings.max(1)).max(1)
    }

    /// A request begins.
    pub(super) fn begin(&self, endpoint: &Endpoint, sequence: u64) -> Begun {
        let mut states = self.lock();
        let state = states
            .entry(endpoint.webhook.clone())
            .or_insert_with(|| State { under_way: BTreeSet::new(), failures: endpoint.failures });
        state.under_way.insert(sequence);
        Begun { probe: state.failures >= BREAKS_AFTER }
    }

    /// Counts what came of a request; returns how many have failed in a row. Those that began before the breaker
    /// opened tell nothing new.
    pub(super) fn count(&self, webhook: &WebhookId, begun: Begun, outcome: Outcome) -> u32 {
        let mut states = self.lock();
        let Some(state) = states.get_mut(webhook) else { return 0 };
        if outcome == Outcome::Delivered {
            state.failures = 0;
        } else if begun.probe || state.failures < BREAKS_AFTER {
            state.failures = state.failures.saturating_add(1);
        }
        state.failures
    }

    /// A request has ended and what came of it is kept.
    pub(super) fn end(&self, webhook: &WebhookId, sequence: u64) {
        let mut states = self.lock();
        if let Some(state) = states.get_mut(webhook) {
            state.under_way.remove(&sequence);
            if state.under_way.is_empty() {
                states.remove(webhook);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<WebhookId, State>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::outbox::SealedSecrets;

    fn endpoint(failures: u32, siblings: u32) -> Endpoint {
        Endpoint {
            app: "halden".parse().unwrap(),
            webhook: "wh01".parse().unwrap(),
            url: String::new(),
            secrets: SealedSecrets { current: Vec::new(), old: None },
            form: crate::model::webhook::Form::Standard,
            failures,
            siblings,
        }
    }

    #[test]
    fn an_apps_webhooks_share_its_places() {
        let endpoints = Endpoints::default();
        let share = |failures, siblings| endpoints.share(&endpoint(failures, siblings));
        assert_eq!([share(0, 1), share(0, 3), share(0, 10), share(BREAKS_AFTER, 1)], [10, 3, 1, 1]);
    }

    #[test]
    fn failures_of_one_wave_open_the_breaker_once() {
        let endpoints = Endpoints::default();
        let (one, webhook) = (endpoint(0, 1), "wh01".parse().unwrap());
        let wave: Vec<_> = (0..10).map(|sequence| endpoints.begin(&one, sequence)).collect();
        let counted: Vec<_> = wave.iter().map(|begun| endpoints.count(&webhook, *begun, Outcome::Late)).collect();
        assert_eq!(counted, [1, 2, 3, 4, 5, 5, 5, 5, 5, 5]);
        let probe = endpoints.begin(&one, 11);
        assert_eq!(endpoints.count(&webhook, probe, Outcome::Late), 6);
        assert_eq!(endpoints.count(&webhook, probe, Outcome::Delivered), 0);
        (0..10).chain([11]).for_each(|sequence| endpoints.end(&webhook, sequence));
        assert!(endpoints.lock().is_empty());
    }
}
