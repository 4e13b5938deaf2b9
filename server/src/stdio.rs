//! stub
use crate::app::App;
/// s
pub async fn serve_stdio<I, O>(
    _app: App,
    _i: I,
    _o: O,
    _s: tokio_util::sync::CancellationToken,
) -> std::io::Result<()> {
    Ok(())
}
