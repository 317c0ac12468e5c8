import assert from "node:assert/strict";
import { ReportLossEstimate } from "./report_loss_estimate.ts";

/** Reports of 50 packets each second. */
function reports(estimate: ReportLossEstimate, seconds: number, lost: number, fromMs = 0): void {
  for (let second = 1; second <= seconds; second++) estimate.handleReport(lost, 50, fromMs + 1000 * second);
}

Deno.test({
  name: "B278: below 2% lost the estimate grows by 8% a second, between that and 10% it stays",
  permissions: "none",
  fn() {
    const estimate = new ReportLossEstimate(300_000);
    reports(estimate, 1, 5);
    assert.equal(Math.round(estimate.bitsPerSecond), 325_000);
    assert.equal(estimate.lossFraction, 5 / 256);
    reports(estimate, 9, 0, 1000);
    assert.ok(estimate.bitsPerSecond > 600_000 && estimate.bitsPerSecond < 700_000, `${estimate.bitsPerSecond}`);
    const before = estimate.bitsPerSecond;
    reports(estimate, 10, 13, 10_000);
    assert.equal(estimate.bitsPerSecond, before);
  },
});

Deno.test({
  name: "B278: above 10% it falls by half of what is lost, once in 300 ms and a round trip",
  permissions: "none",
  fn() {
    const estimate = new ReportLossEstimate(1_000_000);
    estimate.handleRoundTrip(200);
    estimate.handleReport(64, 100, 1000);
    assert.equal(estimate.bitsPerSecond, 875_000);
    estimate.handleReport(64, 100, 1400);
    assert.equal(estimate.bitsPerSecond, 875_000);
    estimate.handleReport(64, 100, 1500);
    assert.equal(estimate.bitsPerSecond, 765_625);
  },
});

Deno.test({
  name: "fewer than twenty packets say nothing until there are more",
  permissions: "none",
  fn() {
    const estimate = new ReportLossEstimate(300_000);
    estimate.handleReport(0, 19, 1000);
    assert.equal(estimate.bitsPerSecond, 300_000);
    estimate.handleReport(0, 1, 2000);
    assert.equal(Math.round(estimate.bitsPerSecond), 325_000);
  },
});

Deno.test({
  name: "B278: a round trip that grew by a queue holds the estimate, and a long one lowers it",
  permissions: "none",
  fn() {
    const estimate = new ReportLossEstimate(300_000);
    estimate.handleRoundTrip(100);
    estimate.handleRoundTrip(260);
    reports(estimate, 5, 0);
    assert.equal(estimate.bitsPerSecond, 300_000);
    estimate.handleRoundTrip(410);
    estimate.handleReport(0, 50, 6000);
    assert.equal(estimate.bitsPerSecond, 255_000);
    estimate.reset();
    estimate.handleRoundTrip(700);
    estimate.handleReport(0, 50, 7000);
    assert.ok(estimate.bitsPerSecond > 255_000);
    estimate.setRate(100_000);
    assert.equal(estimate.bitsPerSecond, 100_000);
  },
});
