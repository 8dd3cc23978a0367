// Says to screen readers what others see: the region is in the document from the start, so that it is listened to.
export class Announcer {
  constructor(region) {
    this.region = region;
  }

  say(text) {
    this.region.textContent = "";
    requestAnimationFrame(() => {
      this.region.textContent = text;
    });
  }
}
