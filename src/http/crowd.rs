//! How many HTTP connections one network holds at once.
//!
//! actix-http bounds the time of a connection's first head only: without this, one network could hold every place with
//! heads that never end. Sockets are counted by the gateway; they leave here when they leave HTTP.

use std::{net::SocketAddr, sync::Arc};

use dashmap::DashMap;

use crate::config::{Config, Network};

/// Who holds how many.
#[derive(Debug)]
pub(super) struct Crowd {
    held: DashMap<Network, usize>,
    most: usize,
    trusted: Vec<Network>,
}

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Option<(Arc<Crowd>, Network)>);

impl Crowd {
    pub(super) fn new(config: &Config) -> Self {
        let trusted = config.server.trusted_proxies.clone();
        Self { held: DashMap::new(), most: config.limits.connections_per_network, trusted }
    }

    /// A place for a connection; `None` when its network has enough. Trusted proxies speak for many and may have any.
    pub(super) fn enter(self: &Arc<Self>, peer: SocketAddr) -> Option<Place> {
        if self.trusted.iter().any(|proxy| proxy.contains(peer.ip())) {
            return Some(Place(None));
        }
        let network = Network::of_client(peer.ip());
        let mut held = self.held.entry(network).or_insert(0);
        if *held >= self.most {
            return None;
        }
        *held += 1;
        Some(Place(Some((Arc::clone(self), network))))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((crowd, network)) = self.0.take() else { return };
        crowd.held.remove_if_mut(&network, |_, held| {
            *held -= 1;
            *held == 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(trusted: &str) -> Arc<Crowd> {
        let mut config = Config::default();
        config.limits.connections_per_network = 2;
        config.server.trusted_proxies = vec![trusted.parse().unwrap()];
        Arc::new(Crowd::new(&config))
    }

    #[test]
    fn a_network_that_has_enough_waits_until_one_goes() {
        let (crowd, peer) = (crowd("10.0.0.1"), "192.0.2.1:1".parse().unwrap());
        let (first, _second) = (crowd.enter(peer).unwrap(), crowd.enter(peer).unwrap());
        assert!(crowd.enter(peer).is_none());
        assert!(crowd.enter("192.0.2.2:1".parse().unwrap()).is_some(), "others are not held up");
        drop(first);
        assert!(crowd.enter(peer).is_some());
    }

    #[test]
    fn nothing_is_kept_of_those_who_left() {
        let crowd = crowd("10.0.0.1");
        drop(crowd.enter("192.0.2.1:1".parse().unwrap()));
        assert!(crowd.held.is_empty());
    }

    #[test]
    fn a_trusted_proxy_speaks_for_many() {
        let (crowd, proxy) = (crowd("10.0.0.1"), "10.0.0.1:1".parse().unwrap());
        let places: Vec<_> = (0..10).map_while(|_| crowd.enter(proxy)).collect();
        assert_eq!(places.len(), 10);
    }
}
