// Styles that a script imports come as minified text (scripts/build-static).
declare module "*.css" {
  const text: string
  export default text
}
