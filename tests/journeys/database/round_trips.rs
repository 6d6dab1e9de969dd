//! The number of times a request asks the database, which may be far away: BEGIN and COMMIT count, too.

use axum::http::StatusCode;
use kosmo::app;

use super::wire::Wire;
use crate::support::browser::{Browser, Page};
use crate::support::people::{Person, SABURO, TARO};
use crate::support::world::World;

/// The first requests on a connection prepare their statements, so they are not counted.
const WARM_UP: usize = 3;
const MEASURED: usize = 5;

/// The product on one connection that is counted.
async fn counted(world: &mut World) -> Wire {
    let wire = Wire::to(&world.database.options);
    let mut settings = world.settings();
    settings.database.max_connections = 1;
    let options = wire.options(&world.database.options);
    world.app = app::build(&settings, options, world.clock.clone()).await.expect("the server");
    world.router = app::router(world.app.clone());
    wire
}

/// The fewest trips of several that were measured: a connection that rested for long is tried before it is used.
#[derive(Default)]
struct Least(Option<usize>);

impl Least {
    fn note(&mut self, round: usize, trips: usize) {
        if round >= WARM_UP {
            self.0 = Some(self.0.map_or(trips, |least| least.min(trips)));
        }
    }
}

impl World {
    async fn trips_of_password(
        &self,
        wire: &Wire,
        browser: &mut Browser,
        person: Person,
    ) -> (Page, usize) {
        browser.get("/sign-in").await;
        self.clock.advance(chrono::Duration::milliseconds(1));
        wire.trips();
        let fields = [("user_id", person.user_id), ("password", person.password)];
        let page = browser.post("/sign-in", &fields).await;
        (page, wire.trips())
    }
}

#[tokio::test]
async fn a_right_password_asks_the_database_six_times() {
    let mut world = World::new().await;
    let wire = counted(&mut world).await;
    let mut known = world.browser(SABURO.union);
    let (mut first, mut again) = (Least::default(), Least::default());
    let (mut wrong, mut unknown) = (Least::default(), Least::default());
    for round in 0..WARM_UP + MEASURED {
        // More than a person may sign in at once.
        world.clock.advance(chrono::Duration::minutes(10));
        let mut new = world.browser(SABURO.union);
        let (page, trips) = world.trips_of_password(&wire, &mut new, SABURO).await;
        assert_eq!(page.location(), "/", "{}", page.text());
        first.note(round, trips);
        let (page, trips) = world.trips_of_password(&wire, &mut known, SABURO).await;
        assert_eq!(page.location(), "/", "{}", page.text());
        again.note(round, trips);
        known.sign_out().await;
        let mistaken = Person { password: "chigau-2026", ..SABURO };
        let stranger = &mut world.browser(SABURO.union);
        let (page, trips) = world.trips_of_password(&wire, stranger, mistaken).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        wrong.note(round, trips);
        let nobody = Person { user_id: "daremo_inai", ..SABURO };
        let (page, trips) = world.trips_of_password(&wire, stranger, nobody).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
        unknown.note(round, trips);
    }
    let counted = [first, again, wrong, unknown].map(|least| least.0.expect("a count"));
    // A new browser is noted on the trail, and its owner gets a mail. A wrong password may lock.
    assert_eq!(counted, [9, 6, 7, 7], "new browser, known browser, wrong password, unknown user");
}

#[tokio::test]
async fn a_months_page_asks_the_database_so_often() {
    let mut world = World::new().await;
    let wire = counted(&mut world).await;
    let mut browser = world.sign_in(TARO).await;
    let mut least = Least::default();
    for round in 0..WARM_UP + MEASURED {
        wire.trips();
        let page = browser.get("/expenses/months/2026-10").await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        least.note(round, wire.trips());
    }
    assert_eq!(least.0, Some(8));
}
