//! Work that goes on even if the browser hangs up.

use tokio::task::JoinError;
use tracing::Instrument as _;

use super::error::WebError;

/// Runs work to its end even if nobody waits for it. A server drops the handler when the browser is gone; the work
/// would stop in the middle, and what it had reserved would stay reserved.
///
/// # Errors
/// Returns the work's error, or [`WebError::Background`] if it panicked.
pub async fn to_the_end<T, E>(
    work: impl Future<Output = Result<T, E>> + Send + 'static,
) -> Result<T, WebError>
where
    T: Send + 'static,
    E: Send + 'static,
    WebError: From<E> + From<JoinError>,
{
    Ok(tokio::spawn(work.instrument(tracing::Span::current())).await??)
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_browser_that_hangs_up_stops_no_work_that_has_begun() {
        let (ended, end) = oneshot::channel();
        let (go_on, going_on) = oneshot::channel::<()>();
        let work = to_the_end(async move {
            going_on.await.ok();
            ended.send("done").map_err(|_| WebError::NotFound)
        });
        let handler = tokio::spawn(work);
        tokio::task::yield_now().await;
        handler.abort();
        assert!(handler.await.is_err_and(|error| error.is_cancelled()));
        go_on.send(()).unwrap();
        assert_eq!(end.await, Ok("done"));
    }
}
