//! axe-core, the checker of accessibility, on the page as it stands.

use crate::browser::Browser;

/// Where `infra/dev/setup.sh test` puts it.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe-4.12.1.min.js");

/// A line for each element that breaks a rule.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    const line = (id) => ({ target, html, failureSummary }) => `${id}: ${target} ${html} ${failureSummary}`;
    const lines = ({ id, nodes }) => nodes.map(line(id));
    window.axe.run(document).then(
        ({ violations }) => done(violations.flatMap(lines)),
        (error) => done([`axe itself: ${error}`]),
    );";

fn source() -> String {
    std::fs::read_to_string(AXE).unwrap_or_else(|error| {
        panic!("{AXE}, which `infra/dev/setup.sh test` fetches: {error}");
    })
}

impl Browser {
    /// What axe's rules have against the page; nothing, where it is as it should be. A driver's
    /// script is no part of the page, so that the content security policy doesn't keep it out.
    pub(crate) async fn axe_violations(&self) -> Vec<String> {
        let script = format!("{}\n{RUN}", source());
        let returned = self.driver.execute_async(script, vec![]).await.expect("axe runs");
        returned.convert().expect("lines")
    }
}
