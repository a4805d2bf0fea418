//! Serving any of the CRMs: on a listener until told to stop, or in the background of a test.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Serves a CRM until told to stop.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    router: Router,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service)
        .with_graceful_shutdown(stop)
        .await
}

/// A CRM served on a free port of this machine; it ends when this is dropped.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    _task: JoinSet<()>,
}

impl Running {
    /// Starts serving.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(router: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let mut task = JoinSet::new();
        task.spawn(async move {
            // A test that loses its listener sees it in its requests.
            let _ = serve(router, listener, std::future::pending()).await;
        });
        Ok(Self {
            address,
            _task: task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
