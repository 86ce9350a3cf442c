declare module 'express-4' {
  export default function express(): object;
}
