//! stub
use crate::app::App;
/// s
pub async fn serve(
    _app: App,
    _l: tokio::net::TcpListener,
    _s: tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    Ok(())
}
