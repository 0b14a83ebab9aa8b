import { after } from "./host.js"

/** Module names under which pages inject the services. */
const MODULES = ["RongWebIMWidget", "RongCloudkefu"]

/**
 * Pages that load AngularJS themselves find the services under the names they inject, and an element that does nothing:
 * what it stood for stands at the end of the page.
 * @param {any} angular
 * @param {Record<string, object>} services by the name that is injected
 */
export function register(angular, services) {
  for (const name of MODULES) {
    const module = angular.module(name, [])
    for (const [service, object] of Object.entries(services)) module.factory(service, () => object)
    for (const element of ["rongWidget", "rongCloudKefu"]) module.directive(element, () => ({ restrict: "E" }))
    module.run([
      "$rootScope",
      (/** @type {{ $applyAsync: () => void }} */ scope) => {
        after.call = () => scope.$applyAsync()
      },
    ])
  }
}
