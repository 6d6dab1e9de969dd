//! The log of commands that keep running.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};

pub(in crate::cli) fn start_logging(settings: &Settings) -> anyhow::Result<()> {
    let filter = log_filter(settings)?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match settings.log.format {
        LogFormat::Text => logs.compact().init(),
        LogFormat::Json => logs.json().init(),
    }
    Ok(())
}

pub(in crate::cli) fn log_filter(settings: &Settings) -> anyhow::Result<EnvFilter> {
    let filter = &settings.log.filter;
    EnvFilter::try_new(filter).map_err(|_| {
        anyhow::anyhow!(
            "設定の log.filter の「{filter}」を読めません（例: info,kosmo=debug。レベルは error, warn, info, debug, trace, off）"
        )
    })
}
