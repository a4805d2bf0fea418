//! A request that carries a session's token: placed, and repeated once where that is harmless.
//!
//! Owns the order of events around a refusal. It must not know how sessions are kept.

use std::sync::Arc;
use std::time::Instant;

use portcullis_manifest::Method;

use super::client::Wire;
use super::failed::Failed;
use super::pool::{Lease, Pool};
use super::{Received, Upstream};

impl Upstream {
    /// Sends a request in a session. A refused token is renewed once; the request is repeated when
    /// it only reads, or when the manifest says that a refused request did nothing. A second refusal
    /// is the answer.
    pub(super) async fn send_in_session(
        &self,
        pool: &Arc<Pool>,
        wire: Wire,
        deadline: Instant,
    ) -> Result<Received, Failed> {
        let recipe = &pool.recipe;
        let body = wire.body.as_deref();
        let fits = recipe.place.check(&wire.headers, body);
        fits.map_err(Failed::invalid)?;
        let mut lease = pool.lease(self.window(Instant::now(), deadline)?).await?;
        let first = self.try_with(&lease, pool, &wire, deadline).await?;
        if !recipe.refusals.fits(first.status, &first.body) {
            lease.accepted();
            return Ok(first);
        }
        if !lease.may_be_old(Instant::now()) {
            return Ok(first);
        }
        lease.refuse();
        let reads = matches!(wire.method, Method::Get | Method::Head);
        if !reads && !recipe.refused_means_not_done {
            return Ok(first);
        }
        lease.renew(self.window(Instant::now(), deadline)?).await?;
        let second = self.try_with(&lease, pool, &wire, deadline).await?;
        if recipe.refusals.fits(second.status, &second.body) {
            lease.doubt();
        } else {
            lease.accepted();
        }
        Ok(second)
    }

    async fn try_with(
        &self,
        lease: &Lease,
        pool: &Pool,
        wire: &Wire,
        deadline: Instant,
    ) -> Result<Received, Failed> {
        let window = self.window(Instant::now(), deadline)?;
        let place = &pool.recipe.place;
        let placed = place.put(lease.token(), &wire.headers, wire.body.as_deref());
        let placed = placed.map_err(Failed::invalid)?;
        let mut wire = wire.clone();
        wire.secret_headers.extend(placed.header);
        wire.body = placed.body.or(wire.body);
        self.receive(wire, window, |_| ()).await
    }
}
