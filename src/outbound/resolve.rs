//! From a host's name to addresses that were checked. What was checked is what is connected to, so that a name that
//! answers differently the next time gains nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
    sync::Arc,
};

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::{Guard, Refusal};

/// Asks for the addresses of a host. An argument, so that tests own the answers.
#[async_trait]
pub trait Lookup: Send + Sync + 'static {
    /// Every address of this host.
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A look-up, and the guard over its answers.
pub(super) struct Resolver {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) guard: Arc<Guard>,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, guard) = (self.lookup.clone(), self.guard.clone());
        Box::pin(async move {
            let addresses = lookup.addresses(name.as_str()).await?;
            check_all(&guard, &addresses)?;
            // The client puts the URL's port in the place of 0.
            let addresses: Addrs = Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0)));
            Ok(addresses)
        })
    }
}

/// One bad address among good ones is a trap: nothing is asked then.
pub(super) fn check_all(guard: &Guard, addresses: &[IpAddr]) -> Result<(), Refusal> {
    addresses.iter().try_for_each(|address| check_one(guard, *address))
}

/// Checks an address by the rules, and that it is none of this machine's own.
pub(super) fn check_one(guard: &Guard, address: IpAddr) -> Result<(), Refusal> {
    guard.address(address)?;
    if !guard.names(address) && is_ours(address).unwrap_or(false) { Err(Refusal::Address) } else { Ok(()) }
}

/// Whether this machine has the address: only then would it speak from the very address that it speaks to. Nothing
/// is sent.
fn is_ours(address: IpAddr) -> io::Result<bool> {
    let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0))?;
    socket.connect((address, 9))?;
    Ok(socket.local_addr()?.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n1_one_bad_address_spoils_the_answer() {
        let addresses = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpAddr>>();
        let guard = Guard::default();
        assert!(check_all(&guard, &addresses(&["1.1.1.1", "2606:4700::1111"])).is_ok());
        assert!(check_all(&guard, &addresses(&["1.1.1.1", "10.0.0.1"])).is_err());
        assert!(check_all(&guard, &addresses(&["::1", "1.1.1.1"])).is_err());
    }

    #[test]
    fn n1_the_machines_own_addresses_are_known() {
        assert!(is_ours(Ipv4Addr::LOCALHOST.into()).unwrap());
    }
}
