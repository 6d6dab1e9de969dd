//! Runs axe-core, which checks accessibility, on the page as it stands.

use crate::support::browser::Browser;

/// `infra/dev/setup.sh test` puts it here.
const AXE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/axe-4.12.1.min.js");

/// Returns a line for each element that breaks a rule, or null if the page doesn't have axe yet.
const RUN: &str = "
    const done = arguments[arguments.length - 1];
    if (!window.axe) return done(null);
    const line = (id) => ({ target, html, failureSummary }) => `${id}: ${target} ${html} ${failureSummary}`;
    const lines = ({ id, nodes }) => nodes.map(line(id));
    // Of the rules that hold, axe needn't describe each element.
    window.axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations }) => done(violations.flatMap(lines)),
        (error) => done([`axe itself: ${error}`]),
    );";

fn source() -> String {
    std::fs::read_to_string(AXE).unwrap_or_else(|error| {
        panic!("{AXE}, which `infra/dev/setup.sh test` fetches: {error}");
    })
}

impl Browser {
    /// Returns what axe finds wrong with the page. The content security policy doesn't block a
    /// script that the driver injects.
    pub(crate) async fn axe_violations(&self) -> Vec<String> {
        match self.run_axe(RUN).await {
            Some(lines) => lines,
            None => self.run_axe(&format!("{}\n{RUN}", source())).await.expect("axe is there"),
        }
    }

    async fn run_axe(&self, script: &str) -> Option<Vec<String>> {
        let returned = self.driver.execute_async(script, vec![]).await.expect("axe runs");
        returned.convert().expect("lines")
    }
}
