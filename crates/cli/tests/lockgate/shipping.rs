//! `ship`: a commit goes all the way, whoever dies on it.

use std::fs;

use super::scene::journal::{Journal, names};
use super::scene::{Scene, fixture, http, processes, shop, until};

/// Returns a shop with these jobs, ready to be shipped.
fn shop(jobs: &str) -> Scene {
    let scene = Scene::of("shop");
    shop::write(&scene.project, jobs);
    fs::write(scene.project.join("lockgate.yaml"), shop::DELIVERY).unwrap();
    shop::commit(&scene.project, "Deliver with Lockgate");
    scene
}

/// Jobs of which one tells the test that it has begun, and waits until it is told to end.
fn waiting_jobs(scene_folder: &str) -> String {
    let step = format!(
        "      - run: |\n          echo begun >> {scene_folder}/story\n          \
         until [ -e {scene_folder}/go ]; do sleep 0.02; done\n          echo ended >> {scene_folder}/story\n"
    );
    shop::BUILD.replace(
        "      - run: cp built shop\n",
        &format!("{step}      - run: cp built shop\n"),
    )
}

#[test]
fn a_commit_becomes_a_release_that_serves() {
    let scene = shop(shop::BUILD);
    fixture::git(&scene.project, &["tag", "-a", "v7", "-m", "seven"]);
    let told = scene.lockgate(&["ship"]).expect(0);
    let told = told.says(&[
        "shipping v7",
        "the gate has passed",
        "release v7 was made",
        "production: v7 (r1) serves at",
    ]);
    assert!(
        told.err.contains("deploy: skipped: Lockgate does this itself"),
        "{told}"
    );
    assert_eq!(http::get(&scene.address(), "/health").unwrap().status, 200);
    scene.lockgate(&["release", "list"]).expect(0).says(&["v7"]);

    fs::write(scene.project.join("notes"), "more").unwrap();
    scene
        .lockgate(&["ship"])
        .expect(2)
        .says(&["the working tree differs", "notes", "commit or stash"]);
    shop::commit(&scene.project, "Take notes");
    scene
        .lockgate(&["ship"])
        .expect(0)
        .says(&["shipping v7-1-g", "brings back v7 (r1)"]);
}

#[test]
fn a_run_that_fails_or_leaves_nothing_is_not_released() {
    let failing = "  test:\n    runs-on: ubuntu-latest\n    steps: [{ name: Look, run: exit 7 }]\n";
    let scene = shop(&format!("{failing}{}", shop::BUILD));
    let told = scene.lockgate(&["ship", "production"]).expect(1);
    let told = told.says(&["the gate refused", "the run failed in `test`", "Look"]);
    let name = told
        .err
        .split("`lockgate logs --run ")
        .nth(1)
        .unwrap()
        .split('`')
        .next()
        .unwrap();
    scene
        .lockgate(&["logs", "--run", name])
        .expect(0)
        .says(&["exit code 7"]);
    scene
        .lockgate(&["status"])
        .expect(0)
        .says(&["production: nothing deployed"]);
    scene.lockgate(&["release", "list"]).expect(0).says(&["no releases"]);

    let scene = shop(&shop::BUILD.replace("name: shop", "name: other"));
    let told = scene.lockgate(&["ship"]).expect(3);
    told.says(&["the run left no artifact `shop`", "it left `other`"]);
}

#[test]
fn a_replaced_job_that_is_misspelt_does_not_run() {
    let scene = shop(shop::BUILD);
    let file = scene.project.join("lockgate.yaml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("[deploy]", "[biuld]")).unwrap();
    shop::commit(&scene.project, "Replace what is not there");
    let words = ["no workflow has a job `biuld` to replace", "did you mean `build`?"];
    for command in ["check", "plan", "run", "ship"] {
        scene.lockgate(&[command]).expect(2).says(&words);
    }
}

#[test]
fn a_ship_is_seen_and_stopped_before_its_rollout() {
    let scene = Scene::of("shop");
    let jobs = waiting_jobs(&scene.folder().to_string_lossy());
    shop::write(&scene.project, &jobs);
    fs::write(scene.project.join("lockgate.yaml"), shop::DELIVERY).unwrap();
    shop::commit(&scene.project, "Deliver with Lockgate");
    let command = scene.start(&["ship"]);
    let story = scene.folder().join("story");
    until("the step begins", || story.exists().then_some(()));
    processes::send(command.pid(), nix::sys::signal::Signal::SIGINT);
    command
        .wait()
        .expect(4)
        .says(&["the ship goes on", "`lockgate abort production`"]);
    let told = scene.lockgate(&["status"]).expect(0);
    told.says(&["is on its way, running its workflow", "`lockgate abort production`"]);
    scene
        .lockgate(&["abort"])
        .expect(0)
        .says(&["the ship is cancelled: nothing was deployed"]);
    let told = scene.lockgate(&["status"]).expect(0);
    assert!(!told.out.contains("on its way"), "{told}");
    scene.lockgate(&["release", "list"]).expect(0).says(&["no releases"]);
    assert_eq!(fs::read_to_string(&story).unwrap(), "begun\n", "the step was ended");
    scene.lockgate(&["abort"]).expect(3).says(&["no rollout is running"]);
}

#[test]
fn a_driver_that_dies_between_run_and_rollout_completes_the_ship() {
    const BETWEEN: [&str; 3] = ["RunEnded", "GatePassed", "Released"];
    let scene = shop(shop::BUILD);
    scene.lockgate(&["ship"]).expect(0);
    let mut hits = Vec::new();
    // The moment is short, so it may take more than one try to hit it; each has to arrive all the same.
    for number in 2..=12 {
        let pid = scene.pid("driver");
        let command = scene.start(&["ship"]);
        let ship = Journal::of_newest(&scene, "ship", number);
        ship.wait_for("RunEnded", 0);
        processes::kill(pid);
        let killed = processes::unix_ms();
        let events = ship.wait_for_end(0);
        command.wait().expect(0).says(&["shipped"]);
        let last = events.iter().rfind(|event| event.at <= killed).unwrap();
        hits.push(last.name.clone());
        let count = |name: &str| events.iter().filter(|event| event.name == name).count();
        for name in BETWEEN.iter().chain(&["RolloutStarted", "Shipped"]) {
            assert_eq!(count(name), 1, "{name}: {}", names(&events));
        }
        let rollouts = scene.production("history")["rollouts"].as_array().unwrap().len();
        assert_eq!(rollouts, number, "each ship has one rollout");
        if BETWEEN.contains(&last.name.as_str()) {
            println!("killed behind {}, try {}", last.name, number - 1);
            return;
        }
    }
    panic!("no kill came between the end of a run and its rollout: {hits:?}");
}

#[test]
fn a_step_goes_on_while_driver_and_command_are_dead_and_ends_once() {
    let scene = Scene::of("shop");
    let folder = scene.folder().to_string_lossy().into_owned();
    shop::write(&scene.project, &waiting_jobs(&folder));
    fs::write(scene.project.join("lockgate.yaml"), shop::DELIVERY).unwrap();
    shop::commit(&scene.project, "Deliver with Lockgate");
    let story = || fs::read_to_string(scene.folder().join("story")).unwrap_or_default();

    let command = scene.start(&["ship"]);
    until("the step begins", || (story() == "begun\n").then_some(()));
    processes::kill(command.pid());
    let driver = scene.pid("driver");
    processes::kill(driver);
    until("another driver runs", || {
        let host = scene.host();
        (host["driver"]["alive"] == true && host["driver"]["pid"] != driver).then_some(())
    });
    fs::write(scene.folder().join("go"), "").unwrap();
    let events = Journal::of_newest(&scene, "ship", 1).wait_for_end(0);
    assert_eq!(events.last().unwrap().name, "Shipped", "{}", names(&events));
    assert_eq!(story(), "begun\nended\n");
}

#[test]
fn a_ship_that_the_environment_refuses_is_what_why_tells() {
    let scene = shop(shop::BUILD);
    let shipped = scene.lockgate(&["ship", "--json"]).expect(0).json();
    assert_eq!(shipped["outcome"], "soaked", "{shipped:#}");
    let file = scene.project.join("lockgate.yaml");
    let quick = fs::read_to_string(&file).unwrap();
    let long = with_soak(&quick, "10m");
    fs::write(&file, long).unwrap();
    scene.lockgate(&["deploy", "--wait", "promoted"]).expect(0);
    fs::write(&file, quick).unwrap();
    scene.lockgate(&["ship"]).expect(3).says(&[
        "production is busy with",
        "soaking",
        "unless that is over when the run is, this ship is refused",
        "is not over",
        "why: `lockgate why production`",
    ]);
    let refused = scene.lockgate(&["ship", "--json"]).expect(3).json();
    assert_eq!(refused["outcome"], "refused", "{refused:#}");
    assert!(
        refused["reason"].as_str().unwrap().contains("is not over"),
        "{refused:#}"
    );
    scene
        .lockgate(&["why", "production"])
        .expect(0)
        .says(&["is not over", "--supersede"]);
}

/// Returns the configuration with another soak.
fn with_soak(text: &str, soak: &str) -> String {
    let (before, rest) = text.split_once("soak: ").unwrap();
    let end = rest.find([',', ' ', '}']).unwrap();
    format!("{before}soak: {soak}{}", &rest[end..])
}
